"""Histories come from the record alone: whose run was killed has the same."""

import logging

import pyarrow as pa
import pyarrow.parquet as pq

from ttrl_verl.record.earlier import EarlierVisits
from ttrl_verl.record.layout import AUDIT_SCHEMA, audit_file
from ttrl_verl.reward_fns.group import Visit
from ttrl_verl.reward_fns.vote import count_answers, take_vote


def write(folder, step, rows):
    """Put votes on record: answers by index."""
    table = [
        {
            "step": step,
            "index": index,
            "answers": answers,
            "pseudo_label": take_vote(answers).label,
            "distinct_answers": len(count_answers(answers)),
            "unparsed": answers.count(None),
        }
        for index, answers in rows
    ]
    path = audit_file(folder, step)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(table, schema=AUDIT_SCHEMA), path)


def test_visits_come_oldest_first_and_the_step_in_flight_is_none(tmp_path):
    write(tmp_path, 1, [(0, ["A", "A", None]), (1, ["C"])])
    write(tmp_path, 2, [(0, ["B", "A", "B"])])
    write(tmp_path, 3, [(0, ["Z"])])
    earlier = EarlierVisits(tmp_path, 8)
    first = Visit(1, {"A": 2}, 3, "A")
    assert earlier.before(1, [0]) == {0: ()}
    assert earlier.before(2, [0, 5]) == {0: (first,), 5: ()}
    assert earlier.before(3, [0, 1]) == {
        0: (first, Visit(2, {"B": 2, "A": 1}, 3, "B")),
        1: (Visit(1, {"C": 1}, 1, "C"),),
    }
    # The asynchronous trainers ask several times a step.
    assert earlier.before(3, [0])[0][-1].step == 2


def test_a_resumed_run_sees_what_the_other_saw_and_not_what_it_does_again(tmp_path):
    going_on = EarlierVisits(tmp_path, 4)
    seen = {}
    for step in range(1, 6):
        seen[step] = going_on.before(step, [0, 1, 2])
        write(tmp_path, step, [(index, [str(step), str(index)]) for index in (0, 1, 2) if (step + index) % 2])
    for step in range(1, 6):
        assert EarlierVisits(tmp_path, 4).before(step, [0, 1, 2]) == seen[step]


def test_only_the_last_visits_are_remembered(tmp_path):
    for step in range(1, 8):
        write(tmp_path, step, [(0, [str(step)])])
    assert [visit.step for visit in EarlierVisits(tmp_path, 3).before(8, [0])[0]] == [5, 6, 7]


def test_two_visits_in_one_step_are_two(tmp_path):
    write(tmp_path, 1, [(0, ["A"]), (0, ["B"])])
    assert [visit.label for visit in EarlierVisits(tmp_path, 3).before(2, [0])[0]] == ["A", "B"]


def test_a_visit_without_a_response_is_none(tmp_path):
    write(tmp_path, 1, [(0, []), (-1, [])])
    write(tmp_path, 2, [(0, [None, None])])
    assert EarlierVisits(tmp_path, 3).before(3, [0])[0] == (Visit(2, {}, 2, None),)


def test_a_broken_file_is_told_and_left_out(tmp_path, caplog):
    write(tmp_path, 1, [(0, ["A"])])
    audit_file(tmp_path, 2).write_bytes(b"no parquet")
    with caplog.at_level(logging.WARNING):
        assert [visit.step for visit in EarlierVisits(tmp_path, 3).before(3, [0])[0]] == [1]
    assert "step_000002.parquet: cannot be read" in caplog.text


def test_a_million_prompts_stay_flat(tmp_path):
    # Steps that visit the last of a million prompts over and over: 4 visits of 4 bytes each, however many the steps.
    earlier = EarlierVisits(tmp_path, 4)
    sizes = []
    for step in range(1, 9):
        write(tmp_path, step, [(999_999, ["A"]), (step, ["B"])])
        assert len(earlier.before(step + 1, [999_999])[999_999]) == min(step, 4)
        sizes.append(len(earlier._steps) * earlier._steps.itemsize)
    assert set(sizes) == {sizes[0]}
    assert sizes[0] < 16_001_000
