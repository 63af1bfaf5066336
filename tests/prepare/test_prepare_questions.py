import json
import random

import pyarrow.parquet as pq
import pytest

from ttrl_verl.errors import InputError
from ttrl_verl.prepare.own import prepare_questions
from ttrl_verl.questions.read import Layout, read_questions
from ttrl_verl.reward_fns.answers import get_answer_type


@pytest.fixture
def prepare(tmp_path):
    def call(*files, answer_type="number", layout=None, out="out.parquet", **options):
        return prepare_questions(
            files, tmp_path / out, layout=layout or Layout(), answer_type=get_answer_type(answer_type), **options
        )

    return call


def texts(path):
    return [row["prompt"][-1]["content"] for row in pq.read_table(path).to_pylist()]


def test_several_files_become_one(prepare, write_jsonl, tmp_path):
    (tmp_path / "b.csv").write_text("prompt,answer\nwhat is 3,\nwhat is 4,4\n")
    one = write_jsonl("a.jsonl", [{"prompt": "what is 1", "answer": 1.0}, {"prompt": "what is 2"}])
    done = prepare(one, tmp_path / "b.csv", layout=Layout(system_prompt="Be short.", prompt_suffix=" Box it."))
    assert (done.counts.read, done.counts.labelled, done.counts.written) == (4, 2, 4)
    rows = pq.read_table(done.file).to_pylist()
    assert [row["answer"] for row in rows] == ["1.0", None, None, "4"]
    assert [row["id"] for row in rows] == ["a.jsonl:1", "a.jsonl:2", "b.csv:2", "b.csv:3"]
    assert [row["data_source"] for row in rows] == ["a", "a", "b", "b"]
    assert rows[0]["prompt"] == [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "what is 1 Box it."},
    ]
    assert read_questions(done.file, Layout())["label"].to_pylist() == ["1.0", None, None, "4"]


def test_a_question_that_was_there_before_is_left_out_and_counted(prepare, write_jsonl):
    rows = [
        {"prompt": "what is 1", "answer": "1"},
        {"prompt": " what  is 1\n", "answer": "1.0"},  # the same question, and the same label
        {"prompt": "what is 1", "answer": "2"},  # the same question, another label
        {"prompt": "What is 1", "answer": "1"},
    ]
    file = write_jsonl("a.jsonl", rows)
    done = prepare(file)
    assert (done.counts.duplicates, done.counts.conflicting) == (2, 1)
    assert texts(done.file) == ["what is 1", "What is 1"]
    kept = prepare(file, dedupe=False, force=True)
    assert (kept.counts.duplicates, kept.counts.written) == (2, 4)


@pytest.mark.parametrize("dedupe", [True, False])
def test_no_question_is_on_both_sides_and_the_order_of_a_file_changes_no_side(prepare, write_jsonl, dedupe):
    rows = [{"prompt": f"what is {n % 80}", "answer": str(n % 80)} for n in range(100)]
    done = prepare(write_jsonl("a.jsonl", rows), holdout=0.25, seed=3, dedupe=dedupe)
    adapted, heldout = set(texts(done.file)), set(texts(done.heldout_file))
    assert len(heldout) == 20  # a quarter of the 80 that differ, exactly
    assert not adapted & heldout
    assert len(adapted | heldout) == 80
    assert done.counts.written + done.counts.heldout == (80 if dedupe else 100)
    sources = {row["data_source"] for row in pq.read_table(done.heldout_file).to_pylist()}
    assert sources == {"a_heldout"}
    random.Random(0).shuffle(rows)
    again = prepare(write_jsonl("a.jsonl", rows), holdout=0.25, seed=3, dedupe=dedupe, out="again.parquet")
    assert set(texts(again.heldout_file)) == heldout
    other = prepare(write_jsonl("a.jsonl", rows), holdout=0.25, seed=4, dedupe=dedupe, out="other.parquet")
    assert set(texts(other.heldout_file)) != heldout


def test_a_label_that_does_not_equal_itself_is_refused_by_its_line(prepare, write_jsonl, tmp_path):
    rows = [{"prompt": f"what is {n}", "answer": "many" if n in (1, 2) else n} for n in range(4)]
    file = write_jsonl("a.jsonl", rows)
    with pytest.raises(InputError) as error:
        prepare(file)
    assert "2 of 4 ground truths do not equal themselves" in str(error.value)
    assert "a.jsonl:2: 'many' is no answer of type number" in str(error.value)
    assert not (tmp_path / "out.parquet").exists()
    done = prepare(file, skip_bad=True)
    assert (done.counts.bad_labels, done.counts.written) == (2, 2)
    assert texts(done.file) == ["what is 0", "what is 3"]


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([{"prompt": "p", "answer": "x"}], {"skip_bad": True}, "no question is left to write"),
        (
            [{"prompt": "p"}],
            {"holdout": 0.5},
            "--holdout 0.5 of 1 questions is 0; expected at least one on either side",
        ),
        ([{"prompt": "p"}], {"holdout": 1.0}, "--holdout is 1.0; expected at least 0 and less than 1"),
        ([{"prompt": "p"}], {"holdout": float("nan")}, "--holdout is nan"),
        ([{"question": "p"}], {}, "a.jsonl:1: has no column 'prompt'"),
        (['{"prompt": "p"', '{"prompt": "q"}'], {}, "a.jsonl:1: is no line of JSON"),
        (['{"prompt": "half \\ud83d"}'], {}, "a.jsonl:1: holds half of a surrogate pair"),
        ([], {}, "a.jsonl: has no questions"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(prepare, write_jsonl, tmp_path, rows, options, message):
    with pytest.raises(InputError) as error:
        prepare(write_jsonl("a.jsonl", rows), **options)
    assert message in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_a_file_is_not_written_over_unless_asked(prepare, write_jsonl, tmp_path):
    file = write_jsonl("a.jsonl", [{"prompt": f"what is {n}"} for n in range(4)])
    (tmp_path / "out_heldout.parquet").write_text("mine")
    with pytest.raises(InputError, match=r"out_heldout\.parquet: is there already"):
        prepare(file, holdout=0.5)
    assert not (tmp_path / "out.parquet").exists()
    prepare(file, holdout=0.5, force=True)
    assert len(texts(tmp_path / "out_heldout.parquet")) == 2


def test_unicode_and_hostile_text_come_through(prepare, write_jsonl):
    prompts = ["何が1ですか 🙂", "'; DROP TABLE", "\\boxed{$\\alpha$}", "a\u0000b", "x" * 100_000]
    done = prepare(write_jsonl("a.jsonl", [{"prompt": text, "answer": None} for text in prompts]))
    assert texts(done.file) == prompts
    assert json.loads(json.dumps(done.counts.labelled)) == 0
