"""Directions, borders and equalities of a report's figures, each by hand."""

import pytest
from run_folder import answers_to, audit_table, make_run, visit

from ttrl_verl.evaluation.figures import Mean
from ttrl_verl.record.read import open_run
from ttrl_verl.record.visits import Flips, Outcomes, count_flips, count_outcomes, flip_shares, outcome, read_histories
from ttrl_verl.report.baseline import Baseline
from ttrl_verl.report.checkpoints import informed_choice
from ttrl_verl.report.headline import _verb
from ttrl_verl.report.summary import summarize


def histories_of(**labels: str):
    """Questions by their pseudo-labels in the order of visits; the label of all is "a"."""
    steps = {}
    for index, visits in enumerate(labels.values()):
        for step, answer in enumerate(visits, start=1):
            steps.setdefault(step, []).append(visit(index, [answer] * 3, "a"))
    return read_histories(audit_table(steps))


def test_a_flip_has_a_direction():
    # Three go from wrong to right, one from right to wrong, two from one wrong answer to another: none of them equal.
    histories = histories_of(q0="ba", q1="ca", q2="da", q3="ab", q4="bc", q5="cd", q6="aa", q7="bb")
    assert count_flips(histories) == Flips(pairs=8, wrong_to_right=3, right_to_wrong=1, wrong_to_wrong=2, changed=0)
    assert count_outcomes(histories) == Outcomes(
        questions=8, once=0, solved=1, learnt=3, lost=1, unsolved=3, unlabelled=0
    )


def test_the_first_and_the_last_visit_make_the_outcome_and_each_pair_a_flip():
    # Right, wrong, wrong, right: nothing came of it, and two flips.
    histories = histories_of(q0="abca")
    assert count_outcomes(histories).solved == 1
    assert count_flips(histories) == Flips(pairs=3, wrong_to_right=1, right_to_wrong=1, wrong_to_wrong=1, changed=0)
    assert flip_shares(histories) == {2: 1.0, 3: 1.0, 4: 1.0}


def test_rows_out_of_order_are_put_in_order():
    table = audit_table({2: [visit(0, ["b"], "a")], 1: [visit(0, ["a"], "a")]})
    (history,) = read_histories(table)
    assert [one.step for one in history] == [1, 2]
    assert count_flips([history]).right_to_wrong == 1


@pytest.mark.parametrize(
    ("first", "last", "became"),
    [
        (True, True, "solved"),
        (False, True, "learnt"),
        (True, False, "lost"),
        (False, False, "unsolved"),
        (None, True, "unlabelled"),
        (True, None, "unlabelled"),
    ],
)
def test_what_became_of_a_question(first, last, became):
    assert outcome(first, last) == became


# Errors of 3 and 4 make one of 5 in 100; two of them are 0.1.
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (0.075, "did not change beyond its noise,"),
        (0.099, "did not change beyond its noise,"),
        (0.101, "rose"),
        (-0.075, "did not change beyond its noise,"),
        (-0.101, "fell"),
        (0.0, "did not change beyond its noise,"),
    ],
)
def test_a_change_is_one_beyond_two_standard_errors(change, says):
    assert _verb(Mean(0.5, 0.03), Mean(0.5 + change, 0.04)) == says


def test_without_errors_any_change_is_one():
    assert [_verb(Mean(0.5, None), Mean(new, None)) for new in (0.6, 0.4, 0.5)] == ["rose", "fell", "stayed,"]


@pytest.mark.parametrize(("samples", "matched"), [(5, False), (6, True), (7, True), (None, False)])
def test_a_baseline_of_as_many_samples_is_matched(samples, matched):
    assert Baseline("q", 6.0, samples, None, "").matched is matched


@pytest.mark.slow
def test_a_checkpoint_at_the_border_of_each_rule(tmp_path):
    def against(**worse) -> str:
        folder = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        steps = {1: [visit(n, list("abcd") * 25) for n in range(4)], 2: []}
        steps[2] = [visit(n, ["abcd"[n]] * 60 + list("abcd") * 10, **worse) for n in range(4)]
        return summarize(open_run(make_run(folder, steps=steps, saved=(1, 2)))).candidates[1].against

    assert against() == ""
    # 2 of 100 responses are 0.02 above none, which is room; 3 are not.
    assert against(unparsed=2) == ""
    assert against(unparsed=3).startswith("without an answer or cut off")
    assert against(truncated=2) == ""
    # Half and double of 10 tokens are within.
    assert against(lengths=[5] * 100) == against(lengths=[20] * 100) == ""
    assert against(lengths=[4] * 100) != ""
    assert against(lengths=[21] * 100) != ""


def test_an_alarm_at_a_saved_step_leaves_it_out_and_one_after_does_not(tmp_path):
    steps = {1: [visit(0, list("abcd"))], 2: [visit(0, list("aabc"))], 3: [visit(0, list("aaab"))]}
    alarm = {"step": 2, "attempt": 1, "alarm": "label_flips", "value": 1.0, "threshold": 0.5, "action": "warn"}
    run = open_run(make_run(tmp_path / "run", steps=steps, saved=(1, 2, 3), alarms=[alarm]))
    assert [bool(candidate.against) for candidate in summarize(run).candidates] == [False, True, True]


def test_of_equal_checkpoints_the_earlier_is_the_best(tmp_path):
    steps = {step: [visit(0, list("aab"))] for step in (1, 2)}
    validation = {step: answers_to(0, ["a"], "a") for step in (1, 2)}
    run = open_run(make_run(tmp_path / "run", steps=steps, validation=validation, saved=(1, 2)))
    assert summarize(run).choice == (2, 1, 1)


def test_the_most_informed_checkpoint_is_no_collapse_and_the_earlier_of_equals(tmp_path):
    told, split = [visit(n, ["ab"[n % 2]] * 4) for n in range(4)], [visit(n, list("aabb")) for n in range(4)]
    fish = [visit(n, ["fish"] * 4) for n in range(4)]
    run = open_run(make_run(tmp_path / "run", steps={1: split, 2: told, 3: told, 4: fish}, saved=(1, 2, 3, 4)))
    summary = summarize(run)
    assert summary.informed == informed_choice(run) == 2
    first, *same, last = [candidate.information for candidate in summary.candidates]
    assert first < 0 < same[0] == same[1]
    assert last == 0.0
    blind = open_run(make_run(tmp_path / "blind", steps={1: fish}, saved=(1,)))
    assert informed_choice(blind) is None
