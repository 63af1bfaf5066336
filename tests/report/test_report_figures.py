"""The figures of a report, on audits small enough to count by hand."""

import json
import shutil

import pytest
from run_folder import answers_to, attempt, audit_table, make_run, visit, write_metrics

from ttrl_verl.errors import InputError
from ttrl_verl.record.read import open_run
from ttrl_verl.record.visits import Flips, Outcomes, count_flips, count_outcomes, read_histories
from ttrl_verl.report.baseline import read_baselines
from ttrl_verl.report.checkpoints import CheckpointChoice, checkpoint_choice
from ttrl_verl.report.curves import MAX_POINTS, step_curves
from ttrl_verl.report.examples import PER_KIND, choose_examples
from ttrl_verl.report.summary import summarize
from ttrl_verl.report.validation import MAX_PASSES

# Six questions, three visits each but for the last two. The pseudo-labels, with the label in brackets:
#   0 (a): a a a   solved, no change
#   1 (a): b c a   learnt; wrong -> wrong, wrong -> right
#   2 (a): a b b   lost; right -> wrong
#   3 (a): b a b   unsolved; wrong -> right, right -> wrong
#   4 (a): none    unsolved, visited once: nobody gave an answer
#   5 (no label): b c, one change
LABELS = {0: "aaa", 1: "bca", 2: "abb", 3: "bab"}


def by_hand():
    steps = {
        step: [visit(index, [labels[step - 1]] * 3 + ["z"], "a") for index, labels in LABELS.items()]
        for step in (1, 2, 3)
    }
    steps[1] += [visit(4, [None, None], "a"), visit(5, ["b"])]
    steps[3] += [visit(5, ["c"])]
    return steps


def test_flips_and_outcomes_counted_by_hand():
    histories = read_histories(audit_table(by_hand()))
    assert [len(history) for history in histories] == [3, 3, 3, 3, 1, 2]
    # pairs: 4 questions with 2 each, 1 with 0, 1 with 1
    assert count_flips(histories) == Flips(pairs=9, wrong_to_right=2, right_to_wrong=2, wrong_to_wrong=1, changed=1)
    assert count_outcomes(histories) == Outcomes(
        questions=6, once=1, solved=1, learnt=1, lost=1, unsolved=2, unlabelled=1
    )


def test_curves_from_the_audit_where_nothing_was_logged():
    curves = {curve.key: curve for curve in step_curves([], read_histories(audit_table(by_hand())))}
    # step 1: four questions with 3 of 4, one with 0 of 2, one with 1 of 1
    assert curves["majority_ratio"].points[0].value == pytest.approx((4 * 0.75 + 0 + 1) / 6)
    # step 1: pseudo-labels right for 0 and 2 of the five with a label; step 2: for 0 and 3 of four
    assert [p.value for p in curves["label_accuracy"].points] == pytest.approx([2 / 5, 2 / 4, 2 / 4])
    # step 2: 1, 2 and 3 changed of four; step 3: 1, 3 and 5 of five
    assert [(p.step, p.value) for p in curves["flips"].points] == [(2, 3 / 4), (3, 3 / 5)]
    assert "token_entropy" not in curves


def test_what_verl_logged_comes_first_and_nan_is_no_point():
    logged = [
        {"step": 1, "data": {"ttrl/majority_ratio": 0.5, "actor/entropy": 0.3}},
        {"step": 2, "data": {"ttrl/majority_ratio": float("nan"), "actor/entropy": 0.2}},
    ]
    curves = {curve.key: curve for curve in step_curves(logged, [])}
    assert [(p.step, p.value) for p in curves["majority_ratio"].points] == [(1, 0.5)]
    assert [p.value for p in curves["token_entropy"].points] == [0.3, 0.2]


def test_thousands_of_steps_are_thinned():
    logged = [{"step": step, "data": {"ttrl/majority_ratio": step / 1000}} for step in range(1, 1001)]
    (curve,) = step_curves(logged, [])
    # 1000 points in 200: each the mean of 5; the first of steps 1 to 5 is 3 and 0.003
    assert (len(curve.points), curve.every) == (MAX_POINTS, 5)
    assert (curve.points[0].step, curve.points[0].value) == pytest.approx((3, 0.003))


def collapse(tmp_path, **fields):
    """Two questions, agreement 1/2, 3/4, 4/4; the last on one answer to everything."""
    steps = {
        1: [visit(0, ["a", "a", "b", "c"], "a"), visit(1, ["d", "d", "e", "f"], "d")],
        2: [visit(0, ["a", "a", "a", "c"], "a"), visit(1, ["d", "d", "d", "f"], "d")],
        3: [visit(0, ["a"] * 4, "a"), visit(1, ["a"] * 4, "d")],
    }
    return make_run(tmp_path / "run", steps=steps, saved=(1, 2, 3), **fields)


def test_the_rule_without_labels_leaves_a_constant_answer_out(tmp_path):
    run = open_run(collapse(tmp_path))
    # Majority ratios 1/2, 3/4, 1. The most common pseudo-label has 1/2, 1/2, 1: step 3 is beyond (1 + 1/2) / 2.
    assert checkpoint_choice(run) == CheckpointChoice(last=3, best_label_free=2, best_by_label=None)
    candidates = summarize(run).candidates
    assert [c.majority_ratio for c in candidates] == [0.5, 0.75, 1.0]
    assert candidates[2].against == "the most common pseudo-label: 0.50 at the start, 1.00 here"


def test_an_alarm_on_the_model_leaves_out_what_follows_and_one_on_the_disk_does_not(tmp_path):
    alarm = {"step": 2, "attempt": 1, "alarm": "length_collapse", "value": 0.1, "threshold": 0.2, "action": "warn"}
    assert checkpoint_choice(open_run(collapse(tmp_path, alarms=[alarm]))).best_label_free == 1
    lost = alarm | {"step": 1, "alarm": "audit_lost"}
    assert checkpoint_choice(open_run(collapse(tmp_path / "other", alarms=[lost]))).best_label_free == 2


@pytest.mark.parametrize(
    ("worse", "against"),
    [
        ({"unparsed": 1}, "without an answer or cut off: 0.00 at the start, 0.25 here"),
        ({"truncated": 1}, "without an answer or cut off: 0.00 at the start, 0.25 here"),
        ({"lengths": [4] * 4}, "mean length: 10.0 tokens at the start, 4.0 here"),
        ({"lengths": [21] * 4}, "mean length: 10.0 tokens at the start, 21.0 here"),
    ],
)
def test_what_else_looks_like_a_collapse(tmp_path, worse, against):
    steps = {1: [visit(0, list("abcd"))], 2: [visit(0, list("aaad"), **worse)]}
    run = open_run(make_run(tmp_path / "run", steps=steps, saved=(1, 2)))
    assert summarize(run).candidates[1].against == against
    assert checkpoint_choice(run).best_label_free == 1


def test_the_best_by_labels_is_of_the_adapted_questions(tmp_path):
    validation = {
        1: answers_to(0, ["a", "a"], "a") + answers_to(0, ["x", "x"], "a", source="other"),
        2: answers_to(0, ["a", "b"], "a") + answers_to(0, ["a", "a"], "a", source="other"),
    }
    steps = {1: [visit(0, list("aab"))], 2: [visit(0, list("aaa"))]}
    run = open_run(make_run(tmp_path / "run", steps=steps, validation=validation, saved=(1, 2)))
    assert checkpoint_choice(run) == CheckpointChoice(last=2, best_label_free=2, best_by_label=1)


def test_nothing_saved_is_no_choice(tmp_path):
    assert checkpoint_choice(open_run(make_run(tmp_path / "run"))) == CheckpointChoice(None, None, None)


def test_the_baseline_is_the_vote_before_training_and_says_of_how_many(tmp_path):
    steps = {1: [visit(0, list("aab"), "a")], 2: [visit(0, list("aab"), "a")]}
    validation = {0: answers_to(0, ["a", "a", "b"], "a") + answers_to(1, ["b", "b", "a"], "a")}
    run = open_run(make_run(tmp_path / "run", steps=steps, validation=validation))
    (baseline,) = summarize(run).baselines
    assert (baseline.drawn, baseline.samples, baseline.maj.value, baseline.matched) == (6.0, 3, 0.5, False)


def test_a_baseline_file_wins(tmp_path):
    file = tmp_path / "eval.json"
    file.write_text(json.dumps({"figures": {"questions": {"samples": 64, "maj": {"value": 0.25, "error": 0.1}}}}))
    run = open_run(make_run(tmp_path / "run", steps={1: [visit(0, list("aab"))]}))
    (baseline,) = summarize(run, file).baselines
    assert (baseline.samples, str(baseline.maj), baseline.matched) == (64, "0.250 ± 0.100", True)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"figures": {"q": {"maj": 2, "samples": 4}}}', '{"q": {"maj": 0.5}}', "[" * 100_000]
)
def test_a_baseline_file_that_holds_none_is_one_line(tmp_path, content):
    file = tmp_path / "eval.json"
    file.write_text(content)
    summary = summarize(open_run(make_run(tmp_path / "run", steps={1: [visit(0, ["a"])]})))
    with pytest.raises(InputError, match=r"eval\.json: "):
        read_baselines(read_histories(audit_table({1: [visit(0, ["a"])]})), summary.validation, file)


def test_examples_are_of_each_kind_and_few():
    steps = {
        1: [visit(index, ["b", "b", "a"], "a") for index in range(PER_KIND + 2)] + [visit(9, list("aab"), "a")],
        2: [visit(index, ["a", "a", "b"], "a") for index in range(PER_KIND + 2)] + [visit(9, list("bba"), "a")],
    }
    examples = choose_examples(read_histories(audit_table(steps)))
    assert {kind: (len(chosen), count) for kind, (chosen, count) in examples.items()} == {
        "learnt": (PER_KIND, PER_KIND + 2),
        "lost": (1, 1),
    }
    (lost,) = examples["lost"][0]
    assert [(bar.answer, bar.first, bar.last, bar.right) for bar in lost.bars] == [
        ("a", 2, 1, True),
        ("b", 1, 2, False),
    ]
    assert (lost.first.verdict, lost.last.verdict) == ("right", "wrong")


def test_an_examples_answers_are_few_and_the_label_is_among_them():
    answers = [*"bbb", *"ccdeefghij", "a", None, None]
    ((example,), _) = choose_examples(read_histories(audit_table({1: [visit(0, answers, "a")]})))["split"]
    # b 3, c 2, e 2, then d, f, g, ... with one each: five are shown, the label a among them, and 5 are left.
    assert [bar.answer for bar in example.bars] == ["b", "c", "e", "a", "d"]
    assert (example.others, example.unparsed) == ((5, 5, 5), (2, 2))


def test_a_resumed_run_is_one_run(tmp_path):
    run = make_run(tmp_path / "run", attempts=[attempt(1, 1), attempt(2, 3), attempt(3, None)], metrics={})
    write_metrics(run, 1, {step: {"ttrl/majority_ratio": 0.1} for step in (1, 2, 3, 4)})
    write_metrics(run, 2, {3: {"ttrl/majority_ratio": 0.9}})
    summary = summarize(open_run(run))
    assert [(p.step, p.value) for p in summary.curves[0].points] == [(1, 0.1), (2, 0.1), (3, 0.9)]
    assert summary.resumes == (3,)


def test_steps_that_are_meant_to_be(tmp_path):
    assert open_run(make_run(tmp_path / "given")).expected_steps() == 3
    counted = {"trainer.total_training_steps": None, "trainer.total_epochs": 5, "data.train_batch_size": 4}
    # 6 questions in batches of 4: one a step, five epochs
    assert open_run(make_run(tmp_path / "counted", settings=counted)).expected_steps() == 5
    unknown = counted | {"data.train_files": ["/data/others.jsonl"]}
    assert open_run(make_run(tmp_path / "unknown", settings=unknown)).expected_steps() is None


def test_of_many_validation_passes_some_are_read(tmp_path):
    validation = {step: answers_to(0, ["a"], "a") for step in range(0, 100)}
    summary = summarize(open_run(make_run(tmp_path / "run", validation=validation)))
    steps = list(summary.validation.passes)
    assert len(steps) <= MAX_PASSES
    assert (steps[0], steps[-1]) == (0, 99)
    assert "100 validation passes" in summary.notes[0]


def test_a_pass_that_is_being_written_is_left_out(tmp_path):
    run = make_run(tmp_path / "run", validation={0: answers_to(0, ["a"], "a"), 5: answers_to(0, ["a"], "a")})
    with (run / "validation" / "5.jsonl").open("a") as file:
        file.write('{"uid": "q1_0_0", "ans')
    summary = summarize(open_run(run))
    assert list(summary.validation.passes) == [0]
    assert "validation/5.jsonl is left out" in summary.notes[0]


@pytest.mark.parametrize(("keep", "told"), [(1, []), (2, ["global_step_1"]), (None, ["global_step_1"])])
def test_a_checkpoint_that_verl_replaced_by_a_later_one_is_no_news(tmp_path, keep, told):
    settings = {"trainer.max_actor_ckpt_to_keep": keep}
    steps = {step: [visit(0, ["a"])] for step in (1, 2)}
    run = make_run(tmp_path / "run", steps=steps, saved=(1, 2), settings=settings)
    shutil.rmtree(run / "global_step_1" / "actor")
    notes = summarize(open_run(run)).notes
    assert [note.partition(" is left out")[0] for note in notes] == told
