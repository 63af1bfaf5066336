"""A column answer_type decides for its row: read, prepared, and held against a label in evaluation."""

import pyarrow.parquet as pq
import pytest

from ttrl_verl.errors import InputError
from ttrl_verl.evaluation.figures import figures_of
from ttrl_verl.prepare.own import prepare_questions
from ttrl_verl.questions.read import Layout, read_questions
from ttrl_verl.reward_fns.answers import get_answer_type
from ttrl_verl.reward_fns.answers.row_type import answer_type_of, row_type

MIXED = [
    {"prompt": "1/2 + 1/2", "answer": "1", "answer_type": "math"},
    {"prompt": "A or B?", "answer": "B", "answer_type": "choice", "choices": 2},
    {"prompt": "yes or no?", "answer": "no", "answer_type": "choice", "choices": ["yes", "no"]},
    {"prompt": "which city?", "answer": "Paris"},
]


def test_each_row_has_its_own(write_jsonl):
    types = read_questions(write_jsonl("q.jsonl", MIXED), Layout())["answer_type"].to_pylist()
    assert [text and answer_type_of(text).name for text in types] == ["math", "choice", "choice", None]
    assert answer_type_of(types[1]).answer("The answer is C.") is None
    assert answer_type_of(types[2]).answer("It is no.") == "no"


def test_a_csv_spells_choices_as_text(tmp_path):
    (tmp_path / "q.csv").write_text('prompt,answer_type,choices\nA?,choice,3\nB?,choice,"yes, no"\nC?,,\n')
    types = read_questions(tmp_path / "q.csv", Layout())["answer_type"].to_pylist()
    assert types == [row_type("choice", 3), row_type("choice", ["yes", "no"]), None]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            {"answer_type": "integer"},
            "q.jsonl:1: answer_type: unknown answer type 'integer'; expected one of box, choice",
        ),
        ({"answer_type": 3}, "q.jsonl:1: answer_type is 3; expected text"),
        ({"answer_type": "choice", "choices": 1}, "q.jsonl:1: choices is 1; expected 2 to 26 options"),
        ({"answer_type": "choice", "choices": "[1,"}, "q.jsonl:1: choices is '[1,'; is no JSON: Expecting value"),
        ({"answer_type": "choice", "choices": {"a": 1}}, "q.jsonl:1: choices is {'a': 1}; expected a number"),
    ],
)
def test_a_bad_one_is_told_by_its_line(write_jsonl, row, said):
    path = write_jsonl("q.jsonl", [{"prompt": "?", **row}])
    with pytest.raises(InputError) as error:
        read_questions(path, Layout())
    assert said in str(error.value)
    assert str(error.value).endswith("(ttrl.type_key=null leaves the column alone)")
    assert read_questions(path, Layout(type_key=None))["answer_type"].to_pylist() == [None]


def test_choices_alone_mean_something_else(write_jsonl):
    # Many benchmarks have a column choices, with the options' texts.
    path = write_jsonl("q.jsonl", [{"prompt": "?", "choices": ["a cat", "a dog"]}])
    assert read_questions(path, Layout())["answer_type"].to_pylist() == [None]


def test_prepare_grades_and_keeps_them(write_jsonl, tmp_path):
    path = write_jsonl("q.jsonl", MIXED)
    done = prepare_questions([path], tmp_path / "out.parquet", layout=Layout(), answer_type=get_answer_type("text"))
    assert (done.counts.typed, done.counts.written) == (3, 4)
    again = read_questions(tmp_path / "out.parquet", Layout())
    assert again["answer_type"].to_pylist() == read_questions(path, Layout())["answer_type"].to_pylist()
    wrong = write_jsonl("wrong.jsonl", [{**MIXED[1], "answer": "C"}])
    with pytest.raises(InputError, match="is no answer of type choice"):
        prepare_questions([wrong], tmp_path / "w.parquet", layout=Layout(), answer_type=get_answer_type("text"))


def test_a_file_without_them_is_prepared_as_before(write_jsonl, tmp_path):
    path = write_jsonl("q.jsonl", [{"prompt": "?", "answer": "Paris"}])
    prepare_questions([path], tmp_path / "out.parquet", layout=Layout(), answer_type=get_answer_type("text"))
    assert pq.read_schema(tmp_path / "out.parquet").names == ["data_source", "prompt", "answer", "id"]


def test_an_evaluation_reads_each_label_as_its_rows_type():
    def response(answer, label, kind):
        return {"answer": answer, "gts": label, "acc": float(answer == label), "answer_type": kind}

    sampled = [
        [response("B", "(B)", row_type("choice", 2)) | {"acc": 1.0}] * 3,
        [response("1/2", "0.5", "math") | {"acc": 1.0}] * 3,
        [response("7", "7", "")] * 3,
    ]
    assert figures_of(sampled, [], get_answer_type("number")).maj.value == 1.0
