"""Benchmarks made ready. The look-alikes here are made up; AIME and AMC themselves lie beside the checkout, or not."""

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ttrl_verl.errors import InputError
from ttrl_verl.prepare.benchmark_file import prepare_benchmark
from ttrl_verl.prepare.benchmarks import BENCHMARKS, content_sha256
from ttrl_verl.questions.read import Layout, read_questions

REAL = Path(os.environ.get("TTRL_VERL_BENCHMARKS", Path(__file__).resolve().parents[3] / "shared" / "data" / "ttrl"))


def aime_like(count=30, **changes):
    """TTRL's layout: every fourth answer is zero-padded."""
    rows = [
        {"prompt": f"Find {n}.", "answer": f"{n:03d}" if n % 4 else str(n), "source": "aime", "id": str(n)}
        for n in range(count)
    ]
    rows[3] |= changes
    return rows


@pytest.fixture
def source(tmp_path):
    def write(rows, name="source.json"):
        path = tmp_path / name
        path.write_text(json.dumps(rows))
        return path

    return write


@pytest.fixture
def out(tmp_path):
    return tmp_path / "data" / "out.parquet"


def rows_of(path):
    return pq.read_table(path).to_pylist()


def test_ttrls_layout_becomes_a_file_that_every_recipe_reads(source, out):
    done = prepare_benchmark("aime24", source=source(aime_like()), out=out, suffix="boxed")
    assert (done.rows, done.answer_type, done.skipped) == (30, "math", [])
    assert done.content == "differs from TTRL's copy"
    first, second, *_ = rows_of(out)
    assert first["data_source"] == "aime24"
    assert first["prompt"][0]["content"].startswith("Find 0.\nPlease reason step by step")
    assert second["answer"] == "001"
    table = read_questions(out, Layout())
    assert table.num_rows == 30
    assert table["label"].to_pylist()[:2] == ["0", "001"]
    assert set(table["data_source"].to_pylist()) == {"aime24"}


def test_the_hubs_layout_in_each_format_has_the_same_content(tmp_path, source, out):
    rows = [{"id": n, "problem": f"Find {n}.", "solution": "...", "answer": str(n), "url": "u"} for n in range(30)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "hub.parquet")
    (tmp_path / "hub.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "hub.csv").write_text("\n".join(["problem,answer", *(f"Find {n}.,{n}" for n in range(30))]))
    files = [source(aime_like()), *(tmp_path / f"hub.{kind}" for kind in ("parquet", "jsonl", "csv"))]
    done = [prepare_benchmark("aime24", source=file, out=out, force=True) for file in files]
    # Zero-padded or not, an answer is the same.
    assert len({each.content_sha256 for each in done}) == 1


def test_floats_of_amc_hold(source, out):
    rows = [{"problem": f"Find {n}.", "answer": float(n)} for n in range(83)]
    prepare_benchmark("amc", source=source(rows), out=out)
    assert rows_of(out)[42]["answer"] == "42.0"


def test_a_ground_truth_that_does_not_equal_itself_is_refused_by_its_line(source, out):
    file = source(aime_like(answer="\\frac{1}{"))
    with pytest.raises(InputError) as error:
        prepare_benchmark("aime24", source=file, out=out)
    assert f"1 of 30 ground truths do not equal themselves (--skip-bad leaves these questions out): {file}:4: " in str(
        error.value
    )
    assert not out.exists()
    assert not out.parent.exists() or not list(out.parent.iterdir())
    done = prepare_benchmark("aime24", source=file, out=out, skip_bad=True)
    assert done.rows == len(rows_of(out)) == 29
    assert len(done.skipped) == 1


@pytest.mark.parametrize(
    ("name", "rows", "message"),
    [
        ("aime24", aime_like(29), "has 29 questions; expected the 30 of aime24"),
        ("aime25", [{"Solution": "3"}], "source.json:1: has no question (problem, prompt, question"),
        ("aime24", aime_like(answer=None), "source.json:4: has no answer"),
        ("aime24", aime_like(answer=["3"]), "source.json:4: its answer is ['3']; expected text or a number"),
        ("aime24", aime_like(prompt=" "), "source.json:4: its question is str or empty; expected text"),
        ("aime24", aime_like(prompt={"a": 1}), "source.json:4: its question is dict or empty; expected text"),
        ("math500", [{"problem": "p", "answer": "1", "level": "hard"}], "source.json:1: its level is 'hard'"),
        ("aime24", [], "has no questions"),
        ("aime24", {"rows": []}, "expected a list of objects"),
    ],
)
def test_a_source_that_is_another_is_one_line(source, out, name, rows, message):
    with pytest.raises(InputError) as error:
        prepare_benchmark(name, source=source(rows), out=out)
    assert message in str(error.value)
    assert not out.exists()


def math_like(levels):
    return [
        {"problem": f"Q{i}", "answer": "\\frac{1}{2}", "level": level, "unique_id": f"test/{i}.json"}
        for i, level in enumerate(levels)
    ]


def test_a_level_of_math(source, tmp_path):
    levels = [level for level, count in BENCHMARKS["math500"].levels.items() for _ in range(count)]
    assert len(levels) == 500
    done = prepare_benchmark("math500", source=source(math_like(levels)), out=tmp_path / "l5.parquet", level=5)
    assert (done.rows, done.benchmark) == (134, "math500_l5")
    assert rows_of(tmp_path / "l5.parquet")[0]["data_source"] == "math500_l5"
    # A file of one level need not say so; one of all levels must.
    unsaid = [{"prompt": f"Q{i}", "answer": "1"} for i in range(43)]
    assert prepare_benchmark("math500", source=source(unsaid), out=tmp_path / "l1.parquet", level=1).rows == 43
    with pytest.raises(InputError, match=r"source\.json:1: does not say its level"):
        prepare_benchmark("math500", source=source(unsaid), out=tmp_path / "l2.parquet", level=2)


def gpqa_like():
    return [
        {
            "Record ID": f"rec{n}",
            "Question": f"Which of these is {n}?\n",
            "Correct Answer": f"the {n}\n",
            **{f"Incorrect Answer {i}": f"the {n} and {i}" for i in (1, 2, 3)},
        }
        for n in range(198)
    ]


def test_options_are_shuffled_by_the_seed_and_the_letter_follows(source, tmp_path):
    file = source(gpqa_like())
    one = prepare_benchmark("gpqa", source=file, out=tmp_path / "1.parquet", suffix="Answer with a letter, boxed.")
    again = prepare_benchmark("gpqa", source=file, out=tmp_path / "2.parquet", suffix="Answer with a letter, boxed.")
    other = prepare_benchmark("gpqa", source=file, out=tmp_path / "3.parquet", seed=1)
    assert one.answer_type == "choice"
    assert one.sha256 == again.sha256
    assert one.content_sha256 != other.content_sha256
    letters = []
    for n, row in enumerate(rows_of(tmp_path / "1.parquet")):
        question, *options, suffix = row["prompt"][0]["content"].splitlines()
        assert (question, suffix) == (f"Which of these is {n}?", "Answer with a letter, boxed.")
        assert [option[:3] for option in options] == ["A. ", "B. ", "C. ", "D. "]
        # The right one, and not "the 7 and 2".
        assert options["ABCD".index(row["answer"])][3:] == f"the {n}"
        letters.append(row["answer"])
    # 198 fair draws of four: each letter 49.5 times, give or take 6
    assert all(25 < letters.count(letter) < 75 for letter in "ABCD")


def test_a_right_answer_among_the_wrong_ones_is_refused(source, out):
    rows = gpqa_like()
    rows[7]["Incorrect Answer 2"] = "the  7"
    with pytest.raises(InputError, match=r"source.json:8: its right answer is also among the wrong ones: 'the 7'"):
        prepare_benchmark("gpqa", source=source(rows), out=out)


def test_ttrls_gpqa_has_its_options_in_the_question(source, out):
    rows = [{"prompt": f"Which {n}?\nA. 1\nB. 2\nC. 3\nD. 4", "answer": "ABCD"[n % 4]} for n in range(198)]
    prepare_benchmark("gpqa", source=source(rows), out=out)
    assert rows_of(out)[2]["answer"] == "C"
    with pytest.raises(InputError, match=r"source.json:1: 'E' is no answer of type choice"):
        prepare_benchmark("gpqa", source=source([{**rows[0], "answer": "E"}, *rows[1:]]), out=out, force=True)


def test_a_file_is_not_written_over_unless_asked(source, out, tmp_path):
    file = source(aime_like())
    prepare_benchmark("aime24", source=file, out=out)
    with pytest.raises(InputError, match="is there already; --force"):
        prepare_benchmark("aime24", source=file, out=out)
    before = out.stat().st_mtime_ns
    with pytest.raises(InputError, match="expected the 30"):
        prepare_benchmark("aime24", source=source(aime_like(4), "other.json"), out=out, force=True)
    assert out.stat().st_mtime_ns == before
    assert [path.name for path in out.parent.iterdir()] == ["out.parquet"]
    with pytest.raises(InputError, match=r"ends in \.parquet"):
        prepare_benchmark("aime24", source=file, out=tmp_path / "out.csv")
    with pytest.raises(InputError, match="would be overwritten while it is read"):
        prepare_benchmark("aime24", source=out, out=out, force=True)
    with pytest.raises(InputError, match="cannot be written"):
        prepare_benchmark("aime24", source=file, out=file / "out.parquet")


def test_a_suffix_is_a_name_or_a_sentence(source, out):
    with pytest.raises(InputError, match="--suffix is 'boxd'; expected none, boxed, or a sentence"):
        prepare_benchmark("aime24", source=source(aime_like()), out=out, suffix="boxd")


def test_the_checksum_sees_questions_and_answers_and_not_white_space():
    same = content_sha256([("What is  1+1?", "2")])
    assert same == content_sha256([("What is 1+1?\n", "2")])
    assert same != content_sha256([("What is 1+1?", "3")])


@pytest.mark.parametrize(("name", "file", "rows"), [("aime24", "aime.json", 30), ("amc", "amc.json", 83)])
def test_the_real_ones_are_as_ttrl_publishes_them(name, file, rows, out):
    path = REAL / file
    if not path.exists():
        pytest.skip(f"{file} is not beside this checkout ({path}); TTRL_VERL_BENCHMARKS names its folder")
    done = prepare_benchmark(name, source=path, out=out)
    assert (done.rows, done.skipped, done.content) == (rows, [], "as TTRL publishes it")
