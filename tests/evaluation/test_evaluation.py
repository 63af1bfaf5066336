import pytest

from ttrl_verl.errors import InputError
from ttrl_verl.evaluation.evaluate import check_ks, evaluate
from ttrl_verl.reward_fns.answers import get_answer_type

NUMBER = get_answer_type("number")


def responses(question, label, *answers, source="set"):
    """The rows that verl writes for one question."""
    canonical = None if label is None else NUMBER.canonicalize(label)
    return [
        {
            "uid": f"{question}_{i}_0",
            "answer": answer,
            "gts": label,
            "data_source": source,
            **({} if label is None else {"acc": float(answer is not None and answer == canonical)}),
        }
        for i, answer in enumerate(answers)
    ]


@pytest.fixture
def dump(write_jsonl):
    def write(*questions):
        return write_jsonl("0.jsonl", [row for question in questions for row in question])

    return write


def test_figures_of_two_questions(dump):
    path = dump(
        responses("a", "4.0", "4", "4", "7", "9"),  # c = 2 of 4
        responses("b", "5", "6", "6", "6", None),  # c = 0
        responses("a", "4.0", "4", source="set/greedy"),
        responses("b", "5", "6", source="set/greedy"),
    )
    of_set = evaluate(path, NUMBER)["set"]
    # 1, 4 and 16, of which 16 is more than n
    assert list(of_set.pass_at) == [1, 4]
    of_set = evaluate(path, NUMBER, [1, 2, 4])["set"]
    assert of_set.pass_at[1].value == of_set.figures.avg.value == 0.25
    # (1 - 1/6 + 0) / 2; values 5/6 and 0, sd = 5/6/sqrt(2), error = 5/12
    assert of_set.pass_at[2].value == pytest.approx(5 / 12)
    assert of_set.pass_at[2].error == pytest.approx(5 / 12)
    assert of_set.pass_at[4].value == 0.5
    # pairs of a: {4,4} right, {4,7} x2 and {4,9} x2 half, {7,9} wrong: 3/6
    assert of_set.maj_at[2].value == pytest.approx(0.25)
    assert of_set.maj_at[4].value == of_set.figures.maj.value == 0.5
    assert of_set.figures.greedy.value == 0.5


def test_of_all_that_were_drawn_the_first_sampled_wins_a_tie(dump):
    of_set = evaluate(dump(responses("a", "4", "4", "7", "7", "4"), responses("b", "4", "7", "4")), NUMBER, [2])["set"]
    assert of_set.figures.maj.value == 0.5  # a: 4 came first; b: 7 did
    # a: pairs {4,4}, {7,7} and four ties: (1 + 0 + 4/2) / 6 = 1/2; b: two of two, and 7 came first: 0
    assert of_set.maj_at[2].value == pytest.approx(0.25)


def test_a_single_question_has_no_standard_error(dump):
    of_set = evaluate(dump(responses("a", "4", "4", None)), NUMBER)["set"]
    assert (of_set.figures.avg.value, of_set.figures.avg.error) == (0.5, None)
    assert (of_set.pass_at[2].value, of_set.pass_at[2].error) == (1.0, None)
    assert of_set.figures.unparsed == 0.5
    assert of_set.as_json(None)["avg"] == {"value": 0.5, "error": None}


def test_nobody_parsed_is_wrong_and_not_an_error(dump):
    of_set = evaluate(dump(responses("a", "4", None, None)), NUMBER)["set"]
    assert (of_set.figures.maj.value, of_set.pass_at[2].value, of_set.maj_at[1].value) == (0.0, 0.0, 0.0)
    assert of_set.figures.parsed_accuracy is None


def test_accuracy_is_over_the_questions_with_a_label(dump):
    of_set = evaluate(dump(responses("a", "4", "4", "4"), responses("b", None, "5", "6")), NUMBER)["set"]
    assert (of_set.figures.questions, of_set.figures.labelled) == (2, 1)
    assert of_set.figures.avg.value == of_set.pass_at[2].value == 1.0
    assert of_set.figures.majority_ratio.value == 0.75


def test_without_labels_there_is_no_accuracy(dump):
    of_set = evaluate(dump(responses("a", None, "4", "4")), NUMBER)["set"]
    assert (of_set.figures.avg, of_set.pass_at, of_set.maj_at, of_set.figures.labelled) == (None, {}, {}, 0)


def test_questions_with_failed_responses_are_told(dump):
    path = dump(responses("a", "4", "4", "4", "4"), responses("b", "4", "4"))
    of_set = evaluate(path, NUMBER)["set"]
    assert (of_set.fewest, of_set.figures.samples, list(of_set.pass_at)) == (1, 3, [1])
    with pytest.raises(InputError, match="set has a question with 1 responses; expected at least 2 for --k"):
        evaluate(path, NUMBER, [2])


def test_another_answer_type_than_the_runs_is_refused(dump):
    rows = [{"uid": "a_0_0", "answer": "asia", "gts": "Asia", "data_source": "set", "acc": 1.0}]
    with pytest.raises(InputError, match=r"was not graded as number: 'asia' against the label 'Asia' has acc 1.0"):
        evaluate(dump(rows), NUMBER)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "0.jsonl: is empty"),
        (["{"], "0.jsonl:1: is no line of JSON"),
        (["[1]"], "0.jsonl:1: lacks uid, data_source, answer, gts"),
        ([{"uid": "a", "data_source": "s", "gts": None}], "0.jsonl:1: lacks answer"),
        ([{"uid": 3, "data_source": "s", "answer": None, "gts": None}], "0.jsonl:1: uid is int; expected text"),
        ([{"uid": "a", "data_source": "s", "answer": ["4"], "gts": None}], "0.jsonl:1: answer is list; expected text"),
        ([{"uid": "a", "data_source": "s", "answer": "4", "gts": "4"}], "0.jsonl:1: has a label (gts) and no accuracy"),
        ([{"uid": "a", "data_source": "s/greedy", "answer": "4", "gts": None}], "holds greedy responses alone"),
        (["[" * 100_000], "0.jsonl:1: is no line of JSON"),
    ],
)
def test_a_dump_that_is_none_is_one_line(write_jsonl, rows, message):
    with pytest.raises(InputError) as error:
        evaluate(write_jsonl("0.jsonl", rows), NUMBER)
    assert message in str(error.value)


@pytest.mark.parametrize(("ks", "message"), [([17], "1 to n, 16"), ([0], "1 to n, 16")])
def test_a_k_beyond_n_is_refused(ks, message):
    with pytest.raises(InputError, match=message):
        check_ks(ks, 16)


def test_a_k_that_would_take_hours_is_refused_and_n_itself_is_not():
    check_ks([128, 5120], 5120)
    with pytest.raises(InputError, match="--k has 129; expected at most 128, or n itself, 5120"):
        check_ks([129], 5120)
