import json
from collections import Counter

import numpy as np
import pytest

from ttrl_verl.demo.digits import ADAPTED, HELDOUT, LEARNT, WORDS, read_digits, write_questions
from ttrl_verl.files import whole_folder
from ttrl_verl.questions.read import Layout, read_questions


@pytest.fixture(scope="module")
def digits():
    return read_digits()


def test_all_digits_are_there(digits):
    assert digits.images.shape == (1797, 8, 8)
    assert (digits.images.min(), digits.images.max()) == (0.0, 1.0)
    # As the data set's own description counts them.
    counts = Counter(digits.labels.tolist())
    assert [counts[digit] for digit in range(10)] == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_a_picture_is_turned_counter_clockwise(digits):
    upright, turned = (np.asarray(digits.picture(0, rotation)) for rotation in (0.0, 90.0))
    assert upright.shape == (56, 56, 3)
    np.testing.assert_array_equal(np.rot90(upright), turned)


def test_the_question_files_read_and_share_no_picture(tmp_path, digits):
    write_questions(tmp_path, digits)
    tables = {
        name: read_questions(tmp_path / f"digits_{name}.jsonl", Layout()) for name in ("adapted", "heldout", "single")
    }
    assert {name: table.num_rows for name, table in tables.items()} == {"adapted": 64, "heldout": 64, "single": 1}
    assert set(tables["adapted"]["label"].to_pylist()) <= set(WORDS)
    first = json.loads((tmp_path / "digits_adapted.jsonl").read_text().splitlines()[0])
    assert first == {
        "prompt": "<image>which digit is this ?",
        "images": "digits_adapted/000.png",
        "answer": digits.word(LEARNT),
    }
    pictures = {name: [p.read_bytes() for p in sorted((tmp_path / f"digits_{name}").iterdir())] for name in tables}
    assert (len(pictures["adapted"]), len(pictures["heldout"])) == (ADAPTED, HELDOUT)
    assert not set(pictures["adapted"]) & set(pictures["heldout"])
    assert pictures["single"] == pictures["adapted"][:1]


def test_a_folder_is_there_as_a_whole_or_not_at_all(tmp_path):
    target = tmp_path / "cache" / "model"

    def fail():
        with whole_folder(target) as folder:
            (folder / "half").write_text("of it")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(target.parent.iterdir()) == []
    for text in ("first", "second"):  # the second finds the first's, and leaves it
        with whole_folder(target) as folder:
            (folder / "weights").write_text(text)
    assert [path.name for path in target.parent.iterdir()] == ["model"]
    assert (target / "weights").read_text() == "first"
