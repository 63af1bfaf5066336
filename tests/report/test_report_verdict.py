"""The verdict on runs small enough to read: learnt, sharpened, collapsed, nothing."""

import random

import pytest
from run_folder import answers_to, audit_table, make_run, visit

from ttrl_verl.evaluation.figures import Mean
from ttrl_verl.record.read import open_run
from ttrl_verl.record.visits import read_histories
from ttrl_verl.report.summary import summarize
from ttrl_verl.report.verdict import read_verdict

KINDS = "abcde"


def first_visits(rng, share=0.5, size=16):
    """Votes of 20 questions on five kinds: each has its own with some probability, else any."""
    return [
        visit(n, [KINDS[n % 5] if rng.random() < share else rng.choice(KINDS) for _ in range(size)]) for n in range(20)
    ]


def verdict_of(first, last, changes=None):
    return read_verdict(read_histories(audit_table({1: first, 2: last})), changes)


def agreeing(answer_of, share=0.95, size=16, seed=7):
    rng = random.Random(seed)
    return [
        visit(n, [answer_of(n) if rng.random() < share else rng.choice(KINDS) for _ in range(size)]) for n in range(20)
    ]


def test_agreement_and_information_rose():
    verdict = verdict_of(first_visits(random.Random(1)), agreeing(lambda n: KINDS[n % 5]))
    assert verdict.word == "learnt"
    old, new = verdict.information
    assert new.nats > old.nats > 0
    assert old.z > 2
    assert verdict.sentence().startswith("Learnt: the majority ratio went from 0.")


def test_one_answer_for_all_after_a_start_that_knew():
    verdict = verdict_of(first_visits(random.Random(1)), agreeing(lambda n: "a"))
    assert verdict.word == "collapsed"
    assert verdict.sentence().startswith("Collapsed: ")


def test_one_answer_for_all_after_a_start_that_knew_nothing():
    # The animals' run: votes of chance, then "fish" for everything. No information is lost: there was none.
    verdict = verdict_of(first_visits(random.Random(3), share=0.0), agreeing(lambda n: "fish"))
    assert abs(verdict.information[0].z) < 2
    assert verdict.word == "collapsed"


def test_information_that_falls_to_less_than_half_is_lost_and_above_is_not():
    # 12 of 20 questions say "a", the others their own kind: less is known, and not by half.
    start = first_visits(random.Random(1))
    assert verdict_of(start, agreeing(lambda n: "a" if n < 4 else KINDS[n % 5])).word != "collapsed"
    assert verdict_of(start, agreeing(lambda n: "a" if n < 19 else KINDS[n % 5])).word == "collapsed"


def test_agreement_rose_and_information_did_not():
    # 4 of 20 questions keep their own kind, the others say "a": 0.43 nats before, 0.40 after.
    verdict = verdict_of(first_visits(random.Random(1)), agreeing(lambda n: "a" if n >= 4 else KINDS[n % 5]))
    assert verdict.agreement[1] > verdict.agreement[0] + 0.3
    assert verdict.information[1].nats == pytest.approx(verdict.information[0].nats, abs=0.05)
    assert verdict.word == "sharpened"


def test_no_agreement_is_nothing():
    start = first_visits(random.Random(1))
    assert verdict_of(start, start).word == "nothing"
    assert verdict_of(start, start).sentence().startswith("Nothing learnt: ")
    assert verdict_of(agreeing(lambda n: KINDS[n % 5]), start).word == "nothing"


def test_questions_that_share_their_answer_are_no_collapse():
    first = [visit(n, ["yes"] * 10 + ["no"] * 6) for n in range(20)]
    last = [visit(n, ["yes"] * 15 + ["no"]) for n in range(20)]
    assert verdict_of(first, last).word == "sharpened"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (Mean(0.3, 0.1), "learnt"),
        (Mean(0.1, 0.1), "sharpened"),
        (Mean(-0.3, 0.1), "sharpened"),
        # two standard errors exactly are no rise
        (Mean(0.2, 0.1), "sharpened"),
        (None, "learnt"),
    ],
)
def test_labels_correct_what_looks_learnt(change, word):
    changes = None if change is None else {"questions": change}
    assert verdict_of(first_visits(random.Random(1)), agreeing(lambda n: KINDS[n % 5]), changes).word == word


@pytest.mark.parametrize(("change", "word"), [(Mean(0.3, 0.1), "learnt"), (Mean(0.0, 0.1), "nothing")])
def test_labels_see_what_agreement_does_not(change, word):
    start = first_visits(random.Random(1))
    assert verdict_of(start, start, {"questions": change}).word == word


def test_labels_excuse_no_collapse():
    verdict = verdict_of(first_visits(random.Random(1)), agreeing(lambda n: "a"), {"questions": Mean(0.3, 0.1)})
    assert verdict.word == "collapsed"


def test_where_no_question_is_seen_twice_the_first_step_is_held_against_the_last():
    first = first_visits(random.Random(1))
    last = [row | {"index": row["index"] + 20} for row in agreeing(lambda n: KINDS[n % 5])]
    assert verdict_of(first, last).word == "learnt"
    assert read_verdict([]) is None


def test_a_run_of_one_step_tells_a_change_by_labels_only():
    histories = read_histories(audit_table({1: first_visits(random.Random(1))}))
    verdict = read_verdict(histories, {"a": Mean(0.2, 0.01)})
    assert verdict.word == "learnt"
    assert verdict.sentence().startswith("Learnt: every question was voted on at one step only (majority ratio 0.")
    assert read_verdict(histories).sentence().endswith("so the votes tell no change.")


def test_it_is_the_first_thing_that_a_report_says(tmp_path):
    start, end = first_visits(random.Random(1)), agreeing(lambda n: "a")
    right = answers_to(0, ["a", "b"], "a") + answers_to(1, ["a", "b"], "a")
    run = make_run(tmp_path / "run", steps={1: start, 2: end}, validation={0: right, 2: right})
    summary = summarize(open_run(run))
    assert summary.verdict.word == "collapsed"
    assert summary.outcome.startswith("Collapsed: the majority ratio went from ")
    assert "accuracy on questions (adapted to, avg@2)" in summary.outcome
