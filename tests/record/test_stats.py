"""A step's numbers from its votes, worked by hand, and what a resume knows of the steps before."""

import pyarrow.parquet as pq
import pytest
from record_rows import row, train

from ttrl_verl.record.layout import audit_file
from ttrl_verl.record.read import open_run
from ttrl_verl.record.stats import LabelHistory, recorded_stats, step_stats


def labelled(*labels: str | None) -> list[dict]:
    return [row(1, index, pseudo_label=label) for index, label in enumerate(labels)]


def test_flips_are_against_the_last_visit_and_moves_against_the_first():
    history = LabelHistory()
    told = []
    for label in ("a", "a", "b", "b", "a"):
        told.append(history.changed(labelled(label)))
        history.remember(labelled(label))
    assert told == [(None, None), (0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (1.0, 0.0)]


def test_no_pseudo_label_is_a_label_and_prompts_not_seen_before_do_not_count():
    history = LabelHistory()
    history.remember(labelled(None, "a"))
    assert history.changed(labelled(None, "b", "c")) == (0.5, 0.5)
    assert history.changed(labelled("a", "a")) == (0.5, 0.5)
    assert history.changed([row(1, 9)]) == (None, None)


def test_a_step_by_hand():
    rows = [
        # a wins 3 of 4; kept: a, a, of one reward
        row(
            3, 0, ("a", "a", "b", "a"), pseudo_label="a", majority_ratio=0.75, answer_entropy=0.5, rewards=[1, 1, 0, 1]
        ),
        # b wins 2 of 4, one has no answer; kept: b, a, of two rewards; one more was asked for
        row(
            3, 1, ("b", "a", None, "b"), pseudo_label="b", majority_ratio=0.5, answer_entropy=0.7, rewards=[1, 0, 0, 1]
        ),
    ]
    rows[1] |= {"missing": 1, "truncated": 2, "lengths": (5, 5, 5, 5)}
    stats = step_stats(3, rows, LabelHistory(), minds_truncated=True, lost=3)
    assert (stats.step, stats.prompts, stats.top_answer, stats.top_answer_share) == (3, 2, "a", 4 / 8)
    assert (stats.top_label_share, stats.unparsed, stats.truncated) == (0.5, 1 / 8, 2 / 8)
    assert (stats.answer_entropy, stats.majority_ratio, stats.length) == pytest.approx((0.6, 0.625, 4.0))
    assert (stats.no_signal, stats.unanimous) == (0.5, 0.5)
    assert stats.missing == pytest.approx(4 / 12)  # 1 and 3 of 8 + 4 that were asked for
    assert step_stats(3, rows, LabelHistory(), minds_truncated=False).truncated is None


def test_a_step_of_which_nothing_came():
    stats = step_stats(3, [], LabelHistory(), minds_truncated=True, lost=16)
    assert (stats.step, stats.prompts, stats.missing, stats.information_z) == (3, 0, 1.0, None)


def test_prompts_of_which_nothing_came_are_missing_and_raise_the_alarm(start_record, tmp_path):
    writer = start_record()
    writer.record(1, [row(1)], [{"label": None, "label_correct": None}], lost=0)
    writer.record(2, [row(2)], [{"label": None, "label_correct": None}], lost=4)
    writer.record(3, [], [], lost=8)
    (alarm,) = open_run(tmp_path / "run").alarms()
    assert (alarm["step"], alarm["alarm"], alarm["value"]) == (2, "missing", 0.5)
    assert writer.stats.missing == 1.0
    # Parts of a step add up.
    writer.record(4, [row(4)], [{"label": None, "label_correct": None}], lost=4)
    writer.record(4, [row(4, 1)], [{"label": None, "label_correct": None}], lost=4)
    assert writer.stats.missing == 0.5


def test_label_flips_are_counted_across_a_resume(start_record, tmp_path):
    first = start_record()
    for step in (1, 2, 3):
        train(first, step, pseudo_label=str(step % 2))
    first.close()
    second = start_record()
    for step in range(4, 8):
        train(second, step, pseudo_label=str(step % 2))
    # Another label at each visit from step 2 on: the fifth in a row is step 6, of the second attempt.
    assert [(a["step"], a["attempt"], a["alarm"]) for a in open_run(tmp_path / "run").alarms()] == [
        (6, 2, "label_flips")
    ]


def test_the_footer_has_what_the_votes_say(start_record, tmp_path):
    writer = start_record()
    train(writer, 1)
    train(writer, 2, answers=("7", "7", "7", "7"), pseudo_label="7")
    path = audit_file(tmp_path / "run", 2)
    history = LabelHistory()
    history.remember([row(1)])
    stats, labels = recorded_stats(path, history, minds_truncated=True)
    assert stats == writer.stats
    assert stats.flips == 1.0
    assert labels == [{"index": 0, "pseudo_label": "7"}]
    # A file without a footer, as version 0.1.0 wrote it, gives the same from its votes.
    pq.write_table(pq.read_table(path).replace_schema_metadata(None), path)
    assert recorded_stats(path, history, minds_truncated=True) == (stats, labels)


def test_a_resume_reads_footers_and_not_votes(start_record, tmp_path):
    first = start_record()
    train(first, 1, 2, lengths=[100] * 4)
    train(first, 3, 4, lengths=[10] * 4)
    first.close()
    for step in (1, 2, 3, 4):
        path = audit_file(tmp_path / "run", step)
        table = pq.read_table(path)
        for name in ("answers", "rewards", "lengths"):  # of no use without the columns
            table = table.drop_columns([name])
        pq.write_table(table, path)
    second = start_record()
    train(second, 5, lengths=[10] * 4)
    assert [(a["step"], a["alarm"]) for a in open_run(tmp_path / "run").alarms()] == [(5, "length_collapse")]


def test_alarms_of_steps_that_were_done_again_are_gone(start_record, tmp_path):
    first = start_record(alarms={"no_signal": {"action": "warn", "threshold": 0.9, "patience": 3}})
    train(first, 1, 2, 3, rewards=[1.0] * 4)
    assert [alarm["step"] for alarm in open_run(tmp_path / "run").alarms()] == [3]
    first.close()
    second = start_record()
    assert [alarm["step"] for alarm in open_run(tmp_path / "run").alarms()] == [3]  # nothing was done again yet
    train(second, 2, rewards=[1.0, 0.0, 0.0, 1.0])
    assert open_run(tmp_path / "run").alarms() == []


def test_alarms_before_the_step_that_was_resumed_stay(start_record, tmp_path):
    first = start_record()
    train(first, 1, 2, 3, 4, rewards=[1.0] * 4)
    first.close()
    train(start_record(), 4, rewards=[1.0] * 4)
    assert [(alarm["step"], alarm["attempt"]) for alarm in open_run(tmp_path / "run").alarms()] == [(3, 1)]


def test_labels_off_the_frozen_models_are_counted_where_it_has_one():
    rows = [row(1, index, pseudo_label="a", prior_label=label) for index, label in enumerate(("a", "b", None))]
    assert step_stats(1, rows, LabelHistory(), minds_truncated=True).off_prior == 0.5
    assert step_stats(1, rows[2:], LabelHistory(), minds_truncated=True).off_prior is None
