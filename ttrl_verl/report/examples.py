"""Questions with their votes, a few of each kind: learnt, lost, stuck, split."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ttrl_verl.printable import on_page, one_line
from ttrl_verl.record.visits import History, Visit, flipped, outcome
from ttrl_verl.reward_fns.vote import count_answers

PER_KIND = 3
ANSWERS = 5
_QUESTION, _ANSWER = 600, 80

KINDS = {
    "learnt": "Learnt: the first visit's pseudo-label was wrong, the last one's is right",
    "lost": "Lost: the first visit's pseudo-label was right, the last one's is wrong",
    "stuck": "Stuck: the first visit's pseudo-label was wrong, and most votes of the last are for a wrong answer",
    "changed": "Changed: another pseudo-label than at the first visit (no label says which is right)",
    "split": "Split: no answer has half of the votes at the last visit",
    "agreed": "Agreed: the pseudo-label of the first visit is still that of the last",
}
"""The kinds in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Bar:
    """An answer and its votes at the first visit and at the last."""

    answer: str
    first: int
    last: int
    right: bool


@dataclass(frozen=True, slots=True)
class Ballot:
    """A visit's votes: the step, how many responses, the pseudo-label and whether it is right."""

    step: int
    size: int
    pseudo_label: str | None
    majority_ratio: float
    verdict: str


@dataclass(frozen=True, slots=True)
class Example:
    """A question and its votes. Texts are fit to be shown.

    Attributes:
        bars: the answers with the most votes at either visit; the same order for both.
        others: how many more answers there were, and their votes at the first visit and at the last.
        unparsed: responses without an answer at the first visit and at the last.
        label: the ground truth, ``None`` where there is none.
    """

    kind: str
    question: str
    origin: str
    visits: int
    first: Ballot
    last: Ballot
    bars: tuple[Bar, ...]
    others: tuple[int, int, int]
    unparsed: tuple[int, int]
    label: str | None


def choose_examples(histories: Sequence[History]) -> dict[str, tuple[list[Example], int]]:
    """Return up to ``PER_KIND`` examples of each kind that occurs, the clearest first, and how many there are."""
    of_kind: dict[str, list[History]] = defaultdict(list)
    for history in histories:
        of_kind[_kind(history)].append(history)
    chosen = {}
    for kind in (kind for kind in KINDS if kind in of_kind):
        clearest = sorted(of_kind[kind], key=lambda h: h[-1].majority_ratio, reverse=kind != "split")
        chosen[kind] = ([_example(kind, history) for history in clearest[:PER_KIND]], len(clearest))
    return chosen


def _kind(history: History) -> str:
    became, last = outcome(history[0].right, history[-1].right), history[-1]
    if became in ("learnt", "lost"):
        return became
    if last.majority_ratio < 0.5:
        return "split"
    if became == "unsolved":
        return "stuck"
    return "changed" if flipped(history[0].pseudo_label, last.pseudo_label) else "agreed"


def _example(kind: str, history: History) -> Example:
    first, last = history[0], history[-1]
    before, after = count_answers(first.answers), count_answers(last.answers)
    order = sorted(before | after, key=lambda answer: (-max(before[answer], after[answer]), answer))
    # The pseudo-labels and the label are what an example is about: they are always among the bars.
    must = [answer for answer in (last.pseudo_label, first.pseudo_label, last.label) if answer in order]
    shown = sorted({*must, *[a for a in order if a not in must][: max(0, ANSWERS - len(set(must)))]}, key=order.index)
    left = [answer for answer in order if answer not in shown]
    return Example(
        kind=kind,
        question=on_page(last.question, _QUESTION),
        origin=one_line(last.origin, 200),
        visits=len(history),
        first=_ballot(first),
        last=_ballot(last),
        bars=tuple(Bar(one_line(a, _ANSWER), before[a], after[a], right=a == last.label) for a in shown),
        others=(len(left), sum(before[answer] for answer in left), sum(after[answer] for answer in left)),
        unparsed=(first.answers.count(None), last.answers.count(None)),
        label=None if last.label is None else one_line(last.label, _ANSWER),
    )


def _ballot(visit: Visit) -> Ballot:
    label = None if visit.pseudo_label is None else one_line(visit.pseudo_label, _ANSWER)
    verdict = {True: "right", False: "wrong", None: ""}[visit.right]
    if label is None:
        verdict = "nobody gave an answer"
    return Ballot(visit.step, len(visit.answers), label, visit.majority_ratio, verdict)
