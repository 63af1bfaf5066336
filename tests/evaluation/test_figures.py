import json

import pytest

from ttrl_verl.evaluation.figures import Mean, by_origin, paired_changes, read_figures, read_groups
from ttrl_verl.reward_fns.answers import get_answer_type


def test_the_standard_error_is_over_questions():
    # values 0, 0, 1, 1: mean 1/2, variance (4 * 1/4) / 3 = 1/3, error sqrt(1/3 / 4) = 0.2887
    mean = Mean.of([0.0, 0.0, 1.0, 1.0])
    assert (mean.value, round(mean.error, 4)) == (0.5, 0.2887)
    assert Mean.of([1.0]).error is None


def row(uid, answer, gts, source="set"):
    acc = {} if gts is None else {"acc": float(answer == gts)}
    return {"uid": uid, "answer": answer, "gts": gts, "data_source": source, **acc}


def test_figures_of_two_questions(tmp_path):
    rows = [
        # "4" wins 2 of 3 and is right; "7" wins 2 of 3 and is wrong, the label is "8.0", which is 8
        row("a_0_0", "4", "4"),
        row("a_1_0", "4", "4"),
        row("a_2_0", None, "4"),
        row("b_0_0", "7", "8.0"),
        row("b_1_0", "7", "8.0"),
        row("b_2_0", "9", "8.0"),
        row("c_0_0", "4", "4", "set/greedy"),
        row("d_0_0", "7", "8.0", "set/greedy"),
    ]
    (tmp_path / "0.jsonl").write_text("\n".join(json.dumps(r) for r in rows))
    figures = read_figures(tmp_path / "0.jsonl", get_answer_type("number"))
    assert list(figures) == ["set"]
    of_set = figures["set"]
    assert (of_set.questions, of_set.samples) == (2, 3)
    assert of_set.avg.value == pytest.approx((2 / 3 + 0) / 2)
    assert of_set.maj.value == 0.5
    assert of_set.greedy.value == 0.5
    assert of_set.majority_ratio.value == pytest.approx(2 / 3)
    assert of_set.unparsed == pytest.approx(1 / 6)
    assert of_set.parsed_accuracy == pytest.approx(2 / 5)


def test_the_order_of_the_sources_is_not_that_of_finishing(tmp_path):
    rows = [row("b_0_0", "4", "4", "q_heldout"), row("a_0_0", "4", "4", "q_adapted")]
    (tmp_path / "0.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert list(read_figures(tmp_path / "0.jsonl", get_answer_type("number"))) == ["q_adapted", "q_heldout"]


def test_without_labels_there_is_agreement_and_no_accuracy(tmp_path):
    (tmp_path / "0.jsonl").write_text("\n".join(json.dumps(row(f"a_{i}_0", "4", None)) for i in range(2)))
    of_set = read_figures(tmp_path / "0.jsonl", get_answer_type("number"))["set"]
    assert (of_set.avg, of_set.maj, of_set.greedy) == (None, None, None)
    assert of_set.majority_ratio.value == 1.0


def test_a_change_is_of_each_question_against_itself(tmp_path):
    def dump(step, answers):
        rows = [
            {**row(f"u{step}{origin}_{n}_0", answer, "4"), "origin": origin}
            for origin, said in answers.items()
            for n, answer in enumerate(said)
        ]
        rows += [row(f"old{step}_0_0", "4", "4"), {**row(f"none{step}_0_0", "4", None), "origin": "q:9"}]
        (tmp_path / f"{step}.jsonl").write_text("\n".join(json.dumps(r) for r in rows))
        return tmp_path / f"{step}.jsonl"

    before = dump(0, {"q:1": ["4", "5"], "q:2": ["5", "5"], "q:3": ["4", "4"]})
    after = dump(1, {"q:2": ["4", "4"], "q:1": ["4", "4"], "q:4": ["5", "5"]})
    # q:1 from 1/2 to 1, q:2 from 0 to 1: mean 3/4, sd sqrt(1/8) = 0.3536, error 0.3536 / sqrt 2 = 1/4. q:3 and q:4 are
    # in one pass alone, one question does not say where it stands, and one has no label.
    changes = paired_changes(before, after)
    assert changes == {"set": Mean(0.75, pytest.approx(0.25))}


def test_a_greedy_response_to_the_same_question_is_no_sample(tmp_path):
    # As real runs write them: the greedy row has the question's origin, and a data source of its own.
    def dump(step, sampled, greedy):
        rows = [{**row(f"u{step}_{n}_0", answer, "4"), "origin": "q:1"} for n, answer in enumerate(sampled)]
        rows.insert(1, {**row(f"g{step}_0_0", greedy, "4", "set/greedy"), "origin": "q:1"})
        (tmp_path / f"{step}.jsonl").write_text("\n".join(json.dumps(r) for r in rows))
        return tmp_path / f"{step}.jsonl"

    before, after = dump(0, ["4", "5", "5", "5"], "5"), dump(1, ["4", "4", "4", "5"], "5")
    # 1/4 to 3/4. The greedy response is wrong both times.
    assert paired_changes(before, after) == {"set": Mean(0.5, None)}
    assert {source for source, _ in by_origin(read_groups(before)).values()} == {"set"}
    assert [one["answer"] for one in by_origin(read_groups(before))["q:1"][1]] == ["4", "5", "5", "5"]
