"""TTRV's JSON: images found again by the ends of their paths."""

import json

import pyarrow.parquet as pq
import pytest
from PIL import Image

from ttrl_verl.errors import InputError
from ttrl_verl.prepare.image_rows import Limits
from ttrl_verl.prepare.ttrv import SuffixIndex, prepare_ttrv

PROMPT = "<image> \n Which texture? \n Options:\nA. pleated\nB. flecked"


def row(path, **fields):
    return {"prompt": PROMPT, "image_path": path, "answer": "B", "source": "gpqa_diamond", "id": "120", **fields}


@pytest.fixture
def root(tmp_path):
    for name in ("flecked/1.png", "flecked/2.png", "gauzy/1.png"):
        path = tmp_path / "sets" / "dtd" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (56, 56)).save(path)
    return tmp_path / "sets"


@pytest.fixture
def prepare(root, tmp_path):
    def run(rows, **options):
        (tmp_path / "t.json").write_text(json.dumps(rows))
        done = prepare_ttrv(tmp_path / "t.json", root, tmp_path / "o.parquet", force=True, **options)
        return done, pq.read_table(tmp_path / "o.parquet").to_pylist()

    return run


def test_a_row_is_kept_with_the_image_that_its_path_ends_in(prepare, root):
    done, rows = prepare([row("/home/them/data/dtd/images/flecked/1.png"), row("dtd/images/gauzy/1.png", answer=None)])
    assert [(r["data_source"], r["answer"], r["id"]) for r in rows] == [("t", "B", "120"), ("t", None, "120")]
    assert rows[0]["prompt"] == [{"role": "user", "content": PROMPT}]
    assert rows[0]["images"][0]["bytes"] == (root / "dtd/flecked/1.png").read_bytes()
    assert (done.rows, done.left_out) == (2, [])


def test_paths_may_be_kept(prepare, root):
    _, rows = prepare([row("x/gauzy/1.png")], limits=Limits(embed=False))
    assert rows[0]["images"] == [{"image": str(root / "dtd" / "gauzy" / "1.png")}]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (row("x/flecked/9.png"), r"t\.json:2: x/flecked/9\.png: no image of that name below --image-root"),
        (row("x/1.png"), r"t\.json:2: x/1\.png: may be \S+ or \S+; expected one"),
        (row("x/../flecked/1.png"), r"t\.json:2: x/\.\./flecked/1\.png: expected a path without \.\."),
        (row("x/velvet/2.png"), r"only dtd/flecked/2\.png has its name, and the rows before are below dtd"),
        (row(None), r"t\.json:2: its image_path is None"),
        ({"prompt": PROMPT}, r"t\.json:2: its image_path is None; expected TTRV's layout"),
        (row("x/flecked/1.png", prompt="Which?"), r"t\.json:2: prompt has 0 <image> and 1 images"),
        (row("x/flecked/1.png", prompt=""), r"t\.json:2: its prompt is ''"),
        ("row", r"t\.json:2: is text"),
    ],
)
def test_a_row_that_cannot_be_taken_is_one_line(bad, message, prepare):
    with pytest.raises(InputError, match=message):
        prepare([row("x/flecked/1.png"), bad])
    if not isinstance(bad, str):
        done, rows = prepare([row("x/flecked/1.png"), bad], skip_bad=True)
        assert (len(rows), len(done.left_out)) == (1, 1)


def test_an_image_is_opened_when_a_row_means_it(prepare, root):
    (root / "dtd" / "gauzy" / "1.png").write_bytes(b"")
    assert prepare([row("x/flecked/1.png")])[0].rows == 1
    with pytest.raises(InputError, match=r"t\.json:1: \S+gauzy/1\.png: is empty"):
        prepare([row("x/gauzy/1.png")])


def test_a_flat_root_takes_names_alone():
    index = SuffixIndex(["image_1.jpg", "image_2.jpg"])
    assert [index.find(path) for path in ("ai2d/a/image_1.jpg", "ai2d/b/image_2.jpg")] == ["image_1.jpg", "image_2.jpg"]


def test_the_longest_end_is_taken():
    index = SuffixIndex(["val/cat/1.png", "train/cat/1.png"])
    assert index.find("/them/train/cat/1.png") == "train/cat/1.png"
