"""Folders of images to questions: classes, options, what is left out, and the file."""

import collections
import io
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from PIL import Image

from ttrl_verl.cli.prepare_images import command
from ttrl_verl.errors import InputError
from ttrl_verl.prepare.classes import Classes, class_name, read_classes
from ttrl_verl.prepare.image_rows import Limits
from ttrl_verl.prepare.images import prepare_images
from ttrl_verl.prepare.options import ChoiceMaker
from ttrl_verl.questions.read import Layout, read_questions
from ttrl_verl.reward_fns.answers import get_answer_type

NAMES = ("cat", "dog", "golf_course", "owl", "wolf")


@pytest.fixture
def folder(tmp_path):
    for number, name in enumerate(NAMES):
        (tmp_path / "in" / name).mkdir(parents=True)
        for copy in range(2):
            color = (40 * number, 100 * copy, 0)
            Image.new("RGB", (56, 56), color).save(tmp_path / "in" / name / f"{copy}.png")
    return tmp_path / "in"


def rows_of(path):
    return pq.read_table(path).to_pylist()


def options_of(row):
    lines = row["prompt"][0]["content"].split("\n")
    return {line[0]: line[3:] for line in lines if line[1:3] == ". "}


def test_a_folder_becomes_questions_that_a_recipe_reads(folder, tmp_path):
    out = tmp_path / "train.parquet"
    done = prepare_images(folder, out)
    rows = rows_of(out)
    assert (done.rows, done.labelled, done.classes, done.left_out) == (10, 10, 5, [])
    assert [row["id"] for row in rows] == sorted(f"{name}/{copy}.png" for name in NAMES for copy in range(2))
    for row in rows:
        options = options_of(row)
        assert list(options) == ["A", "B", "C", "D"]
        assert len(set(options.values())) == 4
        assert options[row["answer"]] == row["id"].split("/")[0].replace("_", " ")
        assert row["prompt"][0]["content"].startswith("<image>\nWhich of these does the picture show?\nA. ")
        assert row["images"][0]["bytes"] == (folder / row["id"]).read_bytes()
    table = read_questions(out, Layout())
    assert table.column("label").to_pylist() == [row["answer"] for row in rows]
    assert set(table.column("data_source").to_pylist()) == {"in"}


def test_the_same_seed_gives_the_same_file_and_another_does_not(folder, tmp_path):
    outs = [tmp_path / f"{name}.parquet" for name in "abc"]
    sums = [prepare_images(folder, out, seed=seed).sha256 for out, seed in zip(outs, (1, 1, 2), strict=True)]
    assert sums[0] == sums[1] != sums[2]


def test_a_question_stays_as_it_is_when_files_are_added(folder, tmp_path):
    prepare_images(folder, tmp_path / "a.parquet")
    Image.new("RGB", (56, 56)).save(folder / "cat" / "0a.png")
    prepare_images(folder, tmp_path / "b.parquet")
    before, after = ({row["id"]: row for row in rows_of(tmp_path / f"{name}.parquet")} for name in "ab")
    assert {name: after[name] for name in before} == before
    assert len(after) == 11


def test_the_right_letter_is_uniform():
    maker = ChoiceMaker(Classes(tuple(f"c{n:02}" for n in range(30)), by_folder=True), 4)
    letters = collections.Counter(maker.ask(f"{n}.png", "c07").letter for n in range(4000))
    # 1000 each are expected, give or take 27: four standard deviations are 110.
    assert set(letters) == set("ABCD")
    assert all(abs(count - 1000) < 110 for count in letters.values())


@pytest.mark.parametrize("count", [2, 5, 6, 26])
def test_two_to_twenty_six_options_and_each_letter_is_an_answer(count):
    maker = ChoiceMaker(Classes(tuple(f"class {n}" for n in range(26)), by_folder=True), count)
    choice = maker.ask("a.png", "class 3")
    assert len({line for line in choice.text.split("\n") if line[1:3] == ". "}) == count
    # What a model answers is read as it is asked for.
    assert get_answer_type("choice", choices=count).answer(choice.letter) == choice.letter
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[count - 1]
    assert choice.text.endswith(f"or {last}." if count <= 5 else f"from A to {last}.")


@pytest.mark.parametrize(
    ("count", "message"), [(1, "expected 2 to 26"), (27, "expected 2 to 26"), (6, "the 5 classes that there are")]
)
def test_more_or_fewer_options_are_refused(count, message, folder, tmp_path):
    with pytest.raises(InputError, match=message):
        prepare_images(folder, tmp_path / "o.parquet", options=count)


def test_hard_distractors_come_first(folder, tmp_path):
    (tmp_path / "hard.json").write_text(json.dumps({"wolf": ["dog", "golf_course", "wolf"], "owl": []}))
    prepare_images(folder, tmp_path / "o.parquet", options=3, distractors=tmp_path / "hard.json")
    wolves = [row for row in rows_of(tmp_path / "o.parquet") if row["id"].startswith("wolf")]
    assert [set(options_of(row).values()) for row in wolves] == [{"wolf", "dog", "golf course"}] * 2
    for content, message in [
        ('{"wolf": ["bear"]}', "'bear' is no class"),
        ('{"wolf": "dog"}', "expected an object"),
        ("{", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
    ]:
        (tmp_path / "hard.json").write_text(content)
        with pytest.raises(InputError, match=message):
            prepare_images(folder, tmp_path / "o.parquet", distractors=tmp_path / "hard.json", force=True)


@pytest.mark.parametrize("kind", ["txt", "csv", "parquet"])
def test_classes_come_from_a_table_too(kind, folder, tmp_path):
    rows = [
        {"path": f"{name}/{n}.png", "class": "big_" + name if n else "small"} for name in NAMES[:3] for n in range(2)
    ]
    for name in NAMES[3:]:
        for number in range(2):
            (folder / name / f"{number}.png").unlink()
    file = tmp_path / f"labels.{kind}"
    if kind == "txt":
        file.write_text("".join(f"{row['path']}\t{row['class']}\n" for row in rows))
    elif kind == "csv":
        file.write_text("path,class\n" + "".join(f"{row['path']},{row['class']}\n" for row in rows))
    else:
        pq.write_table(pa.Table.from_pylist(rows), file)
    done = prepare_images(folder, tmp_path / "o.parquet", classes=str(file))
    assert (done.classes, done.labelled) == (4, 6)
    answers = {row["id"]: options_of(row)[row["answer"]] for row in rows_of(tmp_path / "o.parquet")}
    assert answers["cat/0.png"] == "small"
    assert answers["golf_course/1.png"] == "big golf course"


def test_a_list_of_classes_alone_gives_questions_without_labels(folder, tmp_path):
    (tmp_path / "names.txt").write_text("cat\ndog\ngolf_course\n")
    done = prepare_images(folder, tmp_path / "o.parquet", classes=str(tmp_path / "names.txt"), options=3)
    assert (done.rows, done.labelled) == (10, 0)
    assert {row["answer"] for row in rows_of(tmp_path / "o.parquet")} == {None}
    with pytest.raises(InputError, match="expected all 3 classes as options, for no image has a class"):
        prepare_images(folder, tmp_path / "o.parquet", classes=str(tmp_path / "names.txt"), options=2, force=True)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("a.png\tcat\nb.png\tdog\na.png\town\n", r"t\.txt:3: a\.png is 'own', and 'cat' before"),
        ("a.png\tcat\n../x.png\tdog\n", r"t\.txt:2: \.\./x\.png is no image of the folder"),
        ("a.png\tcat\ndog\n", r"t\.txt:2: expected every line to be path<TAB>class"),
        ("a.png\tcat\nb.png\t \n", r"t\.txt:2: has no class name"),
        ("cat\ncat\n", r"t\.txt:2: names the class 'cat' again"),
        ("cat\n", r"has 1 classes; expected at least 2"),
        ("", r"has 0 classes"),
        ("cat\nCat\n", r"'Cat' and 'cat' differ in case alone"),
        ("cat\n<image>\n", r"t\.txt:2: its class name is '<image>'"),
        ("cat\n<|im_end|>\n", r"t\.txt:2: its class name"),
        ("cat\nd\x1bog\n", r"t\.txt:2: its class name is 'd\\x1bog'"),
        (f"cat\n{'x' * 201}\n", r"t\.txt:2: its class name"),
    ],
)
def test_a_bad_line_of_classes_is_named(lines, message, tmp_path):
    (tmp_path / "t.txt").write_text(lines)
    with pytest.raises(InputError, match=message):
        read_classes(str(tmp_path / "t.txt"), ["a.png", "b.png"])


def test_an_image_without_a_class_among_others_with_one_is_named(folder, tmp_path):
    (tmp_path / "t.csv").write_text("file,label\ncat/0.png,cat\ndog/0.png,dog\n")
    with pytest.raises(InputError, match=r"cat/1\.png: has no class in --classes \(--skip-bad"):
        prepare_images(folder, tmp_path / "o.parquet", classes=str(tmp_path / "t.csv"), options=2)
    done = prepare_images(folder, tmp_path / "o.parquet", classes=str(tmp_path / "t.csv"), options=2, skip_bad=True)
    assert (done.rows, len(done.left_out)) == (2, 8)


def test_a_class_name_reads_as_a_prompt_shows_it():
    assert class_name("  golf__course\n", "x") == "golf course"


@pytest.fixture
def hostile(folder, tmp_path):
    """Beside ten good images: eleven that are not, and four files that are no images by name."""
    bad = folder / "cat"
    good = (bad / "0.png").read_bytes()
    Image.new("RGB", (56, 56)).save(tmp_path / "secret.png")
    (bad / "empty.png").write_bytes(b"")
    (bad / "cut.png").write_bytes(good[: len(good) // 2])
    (bad / "text.jpg").write_text("no image")
    (bad / "new\nline.png").write_bytes(b"x")
    os.mkfifo(bad / "pipe.png")
    (bad / "out.png").symlink_to(tmp_path / "secret.png")
    (bad / "up.png").symlink_to("../../secret.png")
    (bad / "nowhere.png").symlink_to("nothing.png")
    (bad / "loop.png").symlink_to("loop.png")
    (folder / "linked").symlink_to(tmp_path)
    frames = [Image.new("L", (9, 9), shade) for shade in (0, 255)]
    frames[0].save(bad / "moving.gif", save_all=True, append_images=frames[1:])
    for name in (".hidden.png", "notes.txt", "Thumbs.db", "noending"):
        (bad / name).write_bytes(good)
    (bad / "\u6c34 \u00e9\U0001f600.png").write_bytes(good)
    (bad / "inside.png").symlink_to("1.png")
    return folder


def test_hostile_files_are_refused_or_left_out_and_listed(hostile, tmp_path):
    with pytest.raises(InputError, match=r"--skip-bad leaves it out"):
        prepare_images(hostile, tmp_path / "o.parquet")
    assert not (tmp_path / "o.parquet").exists()
    assert not list(tmp_path.glob(".o.parquet*"))
    done = prepare_images(hostile, tmp_path / "o.parquet", skip_bad=True)
    said = "\n".join(done.left_out)
    assert len(done.left_out) == 11
    for name in ("empty.png: is empty", "cut.png: cannot be read", "text.jpg: is no image", "pipe.png: is no file"):
        assert name in said
    for name in ("out.png: leaves", "up.png: leaves", "nowhere.png: no such file", "loop.png", "linked: is a link"):
        assert name in said
    assert "moving.gif: is a GIF of several pictures" in said
    assert "new\\nline.png': is no image" in said
    assert all("\n" not in line for line in done.left_out)
    ids = [row["id"] for row in rows_of(tmp_path / "o.parquet")]
    assert (len(ids), done.others) == (12, 4)
    assert {"cat/inside.png", "cat/\u6c34 \u00e9\U0001f600.png"} <= set(ids)


def test_a_root_lets_links_lead_further(hostile, tmp_path):
    done = prepare_images(hostile, tmp_path / "o.parquet", root=tmp_path, skip_bad=True)
    assert {"cat/out.png", "cat/up.png"} <= {row["id"] for row in rows_of(tmp_path / "o.parquet")}
    assert done.rows == 14


def test_a_folder_without_one_good_image_writes_nothing(tmp_path):
    (tmp_path / "in" / "a").mkdir(parents=True)
    (tmp_path / "in" / "b").mkdir()
    for name in "ab":
        (tmp_path / "in" / name / "x.png").write_bytes(b"x")
    with pytest.raises(InputError, match=r"no image is left to write: \S+x\.png: is no image"):
        prepare_images(tmp_path / "in", tmp_path / "o.parquet", options=2, skip_bad=True)
    assert not (tmp_path / "o.parquet").exists()
    with pytest.raises(InputError, match="no such folder"):
        prepare_images(tmp_path / "none", tmp_path / "o.parquet")
    (tmp_path / "bare").mkdir()
    with pytest.raises(InputError, match="has no images"):
        prepare_images(tmp_path / "bare", tmp_path / "o.parquet")


def test_bytes_are_made_anew_only_where_they_must_be(folder, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20)).save(folder / "cat" / "turned.jpg", exif=exif)
    Image.new("RGBA", (40, 20)).save(folder / "cat" / "clear.png")
    Image.new("RGB", (100, 100)).save(folder / "cat" / "large.png")
    prepare_images(folder, tmp_path / "o.parquet", limits=Limits(max_pixels=3136, min_pixels=800))
    data = {row["id"]: row["images"][0]["bytes"] for row in rows_of(tmp_path / "o.parquet")}
    assert data["cat/0.png"] == (folder / "cat/0.png").read_bytes()
    made = {name: Image.open(io.BytesIO(data[f"cat/{name}"])) for name in ("turned.jpg", "clear.png", "large.png")}
    assert {name: (image.format, image.mode, image.size) for name, image in made.items()} == {
        "turned.jpg": ("JPEG", "RGB", (20, 40)),
        "clear.png": ("PNG", "RGB", (40, 20)),
        "large.png": ("PNG", "RGB", (56, 56)),
    }


def test_paths_are_kept_where_they_are_asked_for(folder, tmp_path):
    out = tmp_path / "in" / "o.parquet"
    prepare_images(folder, out, limits=Limits(embed=False, max_pixels=3136))
    assert rows_of(out)[0]["images"] == [{"image": str(folder / "cat" / "0.png"), "max_pixels": 3136}]
    images = read_questions(out, Layout()).column("images").to_pylist()
    assert images[0] == [{"bytes": None, "path": str(folder / "cat" / "0.png"), "min_pixels": None, "max_pixels": 3136}]


def test_the_command_says_what_it_did(hostile, tmp_path):
    out = tmp_path / "o.parquet"
    done = CliRunner().invoke(command, [str(hostile), "--out", str(out), "--options", "5", "--skip-bad"])
    assert done.exit_code == 0, done.output
    assert f"{out}: 12 questions with 5 of 5 classes, images by their bytes" in done.stdout
    assert "left out  11, listed on standard error" in done.stdout
    assert "ttrl.choices=5" in done.stdout
    assert len(done.stderr.splitlines()) == 11
    again = CliRunner().invoke(command, [str(hostile), "--out", str(out), "--skip-bad"])
    assert isinstance(again.exception, InputError)
    assert "is there already; --force overwrites it" in str(again.exception)
