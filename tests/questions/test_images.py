"""The images of a question: references, roots, and their places among the words."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from ttrl_verl.errors import InputError
from ttrl_verl.questions.images import ImageLayout, chat_messages, check_placeholders, image_references
from ttrl_verl.questions.read import Layout, read_questions


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "sub").mkdir()
    for name in ("a.png", "sub/b.png"):
        Image.new("RGB", (56, 56)).save(tmp_path / name)
    return tmp_path


def references(value, folder, **layout):
    return image_references(value, "q.jsonl:1: images", ImageLayout(**layout), folder)


@pytest.mark.parametrize(
    "value",
    ["a.png", ["a.png"], [{"path": "a.png"}], [{"image": "a.png"}], {"path": "a.png", "bytes": None}, "sub/../a.png"],
)
def test_a_path_may_be_written_in_many_ways(value, folder):
    assert references(value, folder) == [
        {"bytes": None, "path": str(folder / "a.png"), "min_pixels": None, "max_pixels": None}
    ]


@pytest.mark.parametrize("value", [None, [], ""])
def test_a_row_may_have_no_images(value, folder):
    assert references(value, folder) is None


def test_limits_go_with_each_image_and_its_own_come_first(folder):
    images = references(["a.png", {"path": "a.png", "max_pixels": 5}], folder, min_pixels=1, max_pixels=9)
    assert [(image["min_pixels"], image["max_pixels"]) for image in images] == [(1, 9), (1, 5)]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("none.png", r"q\.jsonl:1: images: \S+/none\.png: no such file \(ttrl\.image_root"),
        ("sub", r"sub: is no file"),
        ("../a.png", r"leaves"),
        ("/etc/hostname", r"/etc/hostname: leaves"),
        ("a\x00.png", r"cannot be read"),
        ("a\n\x1b[2J.png", r"'.*a\\n\\x1b\[2J\.png': no such file"),
        ("http://127.0.0.1/a.png", r"no such file"),
        (7, r"is int; expected a path or a list of images"),
        ([7], r"has 7 as an image"),
        ([None], r"has None as an image"),
        ([{}], r"has an object with nothing as an image"),
        ([{"url": "a.png"}], r"has an object with url as an image"),
        ([{"bytes": b""}], r"has an image of no bytes|has an object with bytes"),
        ([{"path": "a.png", "min_pixels": "9"}], r"has pixel limits"),
        ([{"path": "a.png", "min_pixels": 9, "max_pixels": 5}], r"expected min_pixels to be the smaller"),
    ],
)
def test_what_is_no_image_inside_the_root_is_one_line(value, message, folder):
    with pytest.raises(InputError, match=message):
        references(value, folder)


def test_a_link_may_not_lead_out_of_the_root(folder):
    (folder / "sub" / "in.png").symlink_to(folder / "a.png")
    (folder / "in.png").symlink_to("sub/b.png")
    (folder / "loop.png").symlink_to("loop.png")
    assert references("in.png", folder)[0]["path"] == str(folder / "sub" / "b.png")
    with pytest.raises(InputError, match=r"in\.png: leaves"):
        references("in.png", folder, root=str(folder / "sub"))
    with pytest.raises(InputError, match=r"loop\.png"):
        references("loop.png", folder)


def test_a_root_is_where_paths_start_and_end(folder):
    assert references("b.png", Path("/elsewhere"), root=str(folder / "sub"))[0]["path"] == str(folder / "sub/b.png")
    assert references(str(folder / "sub/b.png"), Path("/elsewhere"), root=str(folder / "sub"))
    with pytest.raises(InputError, match="leaves"):
        references("../a.png", Path("/elsewhere"), root=str(folder / "sub"))


@pytest.mark.parametrize(
    ("text", "images", "message"),
    [
        ("What?", 1, r"has 0 <image> and 1 images"),
        ("<image> What?", 0, r"has 1 <image> and 0 images"),
        ("<image><image> What?", 1, r"has 2 <image> and 1 images"),
        ("<image> and <video>", 1, r"has <video>; expected no placeholder but <image>"),
    ],
)
def test_each_image_has_its_place(text, images, message):
    with pytest.raises(InputError, match=f"^q:1: prompt {message}"):
        check_placeholders([{"role": "user", "content": text}], [object()] * images, "q:1: prompt")


def test_images_stand_where_their_placeholders_stood():
    images = [{"bytes": None, "path": "/a"}, {"bytes": b"b", "path": None, "max_pixels": 784}]
    messages = [{"role": "system", "content": "See."}, {"role": "user", "content": "<image>or<image>\nWhich?"}]
    assert chat_messages(messages, images) == [
        {"role": "system", "content": [{"type": "text", "text": "See."}]},
        {
            "role": "user",
            "content": [
                {"type": "image", "image": "/a"},
                {"type": "text", "text": "or"},
                # qwen-vl-utils' own lower limit, 3136, would be above this one
                {"type": "image", "image": b"b", "max_pixels": 784, "min_pixels": 784},
                {"type": "text", "text": "\nWhich?"},
            ],
        },
    ]
    assert chat_messages(messages[:1], None) == messages[:1]


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "parquet"])
def test_every_kind_of_file_may_name_images(kind, folder):
    rows = [{"prompt": "<image>What?", "images": "a.png"}, {"prompt": "Why?", "images": None}]
    file = folder / f"q.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), file)
    elif kind == "csv":
        file.write_text("prompt,images\n<image>What?,a.png\nWhy?,\n")
    else:
        file.write_text(json.dumps(rows) if kind == "json" else "\n".join(map(json.dumps, rows)))
    images = read_questions(file, Layout()).column("images").to_pylist()
    assert [image and image[0]["path"] for image in images] == [str(folder / "a.png"), None]


def test_verls_own_layout_with_bytes_is_read(folder):
    data = (folder / "a.png").read_bytes()
    file = folder / "q.parquet"
    rows = [{"prompt": [{"role": "user", "content": "<image>What?"}], "pictures": [{"bytes": data, "path": None}]}]
    pq.write_table(pa.Table.from_pylist(rows), file)
    table = read_questions(file, Layout(images=ImageLayout(key="pictures")))
    assert table.column("images").to_pylist()[0][0]["bytes"] == data


def test_an_error_names_file_line_and_key(folder):
    file = folder / "q.jsonl"
    file.write_text('{"prompt": "Why?"}\n{"prompt": "<image>?", "images": ["x.png"]}\n')
    with pytest.raises(InputError, match=r"q\.jsonl:2: images: \S+x\.png: no such file"):
        read_questions(file, Layout())
    file.write_text('{"prompt": "<image>?"}\n')
    with pytest.raises(InputError, match=r"q\.jsonl:1: prompt has 1 <image> and 0 images"):
        read_questions(file, Layout())
