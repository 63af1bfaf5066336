"""What a model votes on each question, from verl's dump of a validation and from the votes on record."""

import json

import pytest

from ttrl_verl.answering.lines import answer_line, chosen, stand
from ttrl_verl.answering.votes import of_record, of_validation, whole_validation
from ttrl_verl.record.votes_file import QuestionVotes


def response(uid: str, origin: str, answer: str | None, source: str = "q", gts: str | None = None) -> dict:
    row = {"uid": f"{uid}_0_0", "data_source": source, "answer": answer, "gts": gts, "origin": origin}
    return row if gts is None else row | {"acc": float(answer == gts)}


def votes(*answers: str | None) -> QuestionVotes:
    return QuestionVotes("q.jsonl:1", answers, "q")


def test_a_validation_pass_is_votes_by_question_without_the_greedy_ones(write_jsonl):
    rows = [response("a", "q.jsonl:1", "4"), response("b", "q.jsonl:2", None), response("a", "q.jsonl:1", "5")]
    rows += [response("a", "q.jsonl:1", "4"), response("c", "q.jsonl:1", "9", source="q/greedy")]
    found = of_validation(write_jsonl("0.jsonl", rows))
    assert found["q.jsonl:1"].answers == ("4", "5", "4")
    assert found["q.jsonl:1"].majority_ratio == pytest.approx(2 / 3)
    assert found["q.jsonl:2"].answer is None
    assert len(found) == 2


def test_a_pass_that_a_kill_cut_is_not_whole(write_jsonl):
    rows = [response(uid, f"q.jsonl:{uid}", "4") for uid in ("1", "2", "1", "2")]
    path = write_jsonl("2.jsonl", rows)
    asked = ["q.jsonl:1", "q.jsonl:2"]
    assert whole_validation(path, asked, 2) == of_validation(path)
    assert whole_validation(path, asked, 3) is None
    assert whole_validation(path, [*asked, "q.jsonl:3"], 2) is None
    text = path.read_text()
    path.write_text(text[: text.rindex("{") - 1])  # a question lacks a vote
    assert whole_validation(path, asked, 2) is None
    path.write_text(text[:-20])  # in the midst of a line
    assert whole_validation(path, asked, 2) is None


def test_the_first_visit_on_record_is_the_answer_of_a_model_that_was_not_adapted_to_the_question():
    visits = [
        {"origin": "q.jsonl:1", "answers": ["4", "5", "4"], "data_source": "q", "label": "4"},
        {"origin": "q.jsonl:1", "answers": ["5", "5", "5"], "data_source": "q", "label": "4"},
    ]
    assert of_record(visits) == {"q.jsonl:1": QuestionVotes("q.jsonl:1", ("4", "5", "4"), "q", "4")}


def test_counts_stand_in_the_order_of_votes_then_of_sampling():
    assert list(votes("b", "a", None, "c", "c").counts().items()) == [("c", 2), ("b", 1), ("a", 1)]


@pytest.mark.parametrize(
    ("before", "after", "collapsed", "stands_by"),
    [
        (("4", "5", "4"), ("4", "4", "4"), True, "answer"),  # the same answer: there is nothing to choose
        (("4", "4", "5"), ("5", "5", "5"), False, "answer"),  # 2/3, then 3/3
        (("4", "4", "4"), ("5", "5", "4"), False, "answer_before"),  # 3/3, then 2/3
        (("4", "4", "5"), ("5", "5", "4"), False, "answer_before"),  # 2/3 both times
        (("4", "4", "5"), ("5", "5", "5"), True, "answer_before"),
        (("4", "5", "6"), (None, None, None), False, "answer_before"),
        ((None, None, None), ("5", None, None), True, "answer"),
    ],
)
def test_which_answer_counts(before, after, collapsed, stands_by):
    assert stand(votes(*before), votes(*after), collapsed=collapsed)[0] == stands_by


def test_a_line_says_both_answers_and_is_json():
    line = answer_line(3, votes("4", None), votes("5", "5"))
    assert json.loads(json.dumps(line)) == {
        "index": 3,
        "origin": "q.jsonl:1",
        "answer": "5",
        "majority_ratio": 1.0,
        "votes": {"5": 2},
        "responses": 2,
        "answer_before": "4",
        "majority_ratio_before": 0.5,
        "votes_before": {"4": 1},
        "stands_by": "answer",
        "why": "the adapted model's vote is surer",
        "adapted": True,
    }
    assert chosen(line) == "5"


def test_a_question_that_was_only_voted_on_has_one_answer():
    line = answer_line(0, votes("4", "4", None), None)
    assert (line["answer"], line["answer_before"], line["adapted"]) == ("4", "4", False)
