"""The line that `ttrl-verl answer` writes for a question, and which of its two answers it stands by."""

from typing import Any

from ttrl_verl.record.votes_file import QuestionVotes

AFTER, BEFORE = "answer", "answer_before"
"""What ``stands_by`` names: the line's own key of the answer that counts."""


def answer_line(
    index: int, before: QuestionVotes, after: QuestionVotes | None, *, adapted: bool = True, collapsed: bool = False
) -> dict[str, Any]:
    """Return what is written of one question.

    Args:
        index: the question's place in its file, from 0.
        before: the votes of the model as it was given.
        after: those of the adapted model; ``None`` where nothing was adapted.
        adapted: whether the question is one that the model was adapted to.
        collapsed: whether the run's own figures say that it collapsed.

    Returns:
        ``index``, ``origin``, ``answer``, ``majority_ratio``, ``votes`` (answer to number, the most frequent first),
        ``responses`` (how many were drawn, those without an answer too), ``answer_before``, ``majority_ratio_before``,
        ``votes_before``, ``stands_by`` (``answer`` or ``answer_before``), ``why``, ``adapted``.

    Example:
        >>> before = QuestionVotes("q.jsonl:1", ("4", "5"), "q")
        >>> after = QuestionVotes("q.jsonl:1", ("5", "5"), "q")
        >>> line = answer_line(0, before, after)
        >>> line["answer"], line["majority_ratio"], line["answer_before"], line["stands_by"]
        ('5', 1.0, '4', 'answer')
    """
    now = after or before
    stands_by, why = stand(before, now, collapsed=collapsed)
    return {
        "index": index,
        "origin": now.origin,
        "answer": now.answer,
        "majority_ratio": now.majority_ratio,
        "votes": now.counts(),
        "responses": len(now.answers),
        "answer_before": before.answer,
        "majority_ratio_before": before.majority_ratio,
        "votes_before": before.counts(),
        "stands_by": stands_by,
        "why": why,
        "adapted": adapted and after is not None,
    }


def stand(before: QuestionVotes, after: QuestionVotes, *, collapsed: bool = False) -> tuple[str, str]:
    """Return which answer to stand by, and why, from the votes alone.

    The adapted model's answer counts, except where the run collapsed, where it has none, or where the vote moved to
    another answer without becoming surer: adapting raises the majority ratio of whatever wins, so an answer that took
    over with a smaller share than the old one had is noise.

    Returns:
        ``answer`` or ``answer_before``, and a sentence.
    """
    if before.answer == after.answer:
        return AFTER, "both votes agree" if after.answer is not None else "no response has an answer"
    if after.answer is None:
        return BEFORE, "the adapted model gives no answer"
    if before.answer is None:
        return AFTER, "the model gave no answer before"
    if collapsed:
        return BEFORE, "the run collapsed"
    if after.majority_ratio <= before.majority_ratio:
        return BEFORE, "the vote moved without becoming surer"
    return AFTER, "the adapted model's vote is surer"


def chosen(line: dict[str, Any]) -> str | None:
    """Return the answer that a line stands by."""
    return line[line["stands_by"]]
