"""A group's row on record: its columns are those that the record writes, and its figures are worked by hand."""

from ttrl_verl.record.layout import AUDIT_SCHEMA, VOTE_COLUMNS, WRITER_COLUMNS
from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.judge import Judgement
from ttrl_verl.reward_fns.verdict import Verdict
from ttrl_verl.training.prompt_group import PromptGroup, audit_row, sessions_by_prompt

GROUP = PromptGroup(
    uid="u",
    index=7,
    origin="q.jsonl:8",
    lengths=(3, 4, 9),
    truncated=1,
    limited=0,
    sessions=(("u_0_0",), ("u_1_0",), ("u_2_0",)),
    group=Group(answers=("4", "4", None)),
)


def row(**verdict) -> dict:
    judged = Judgement(Verdict((1.0, 1.0, 0.0), **verdict))
    return audit_row(5, GROUP, judged, votes=4, asked=("2 + 2?", "sums"))


def test_a_row_has_the_columns_that_the_record_writes_and_no_others():
    assert tuple(row(keep=(0, 2))) == VOTE_COLUMNS
    assert {*VOTE_COLUMNS, *WRITER_COLUMNS} == {*AUDIT_SCHEMA.names}


def test_what_was_trained_on_and_what_was_missing():
    written = row(keep=(0, 2))
    assert (written["kept"], written["places"], written["weight"]) == (2, [0, 2], 1.0)
    assert (written["missing"], written["unparsed"], written["truncated"]) == (1, 1, 1)
    assert (written["pseudo_label"], written["majority_ratio"]) == ("4", 2 / 3)


def test_a_skipped_prompt_trains_on_nothing():
    written = row(keep=(0, 2), skip=True)
    assert (written["kept"], written["weight"]) == (0, 0.0)


def test_responses_are_in_sampling_order_whatever_finished_first():
    # Session 10 comes behind 2, and of a session's outputs the last one, which is graded, comes last.
    assert sessions_by_prompt(["a_10_0", "b_1_0", "a_2_10", "a_2_9", "b_0_0"]) == [
        (("a_2_9", "a_2_10"), ("a_10_0",)),
        (("b_0_0",), ("b_1_0",)),
    ]
