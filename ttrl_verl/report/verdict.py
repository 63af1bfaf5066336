"""The verdict on a run in a word: learnt, sharpened, collapsed, or nothing; from its votes, and from labels if any.

A majority vote rewards agreement, and agreement rises in each of the first three. What tells them apart without a label
is the answer information (``reward_fns.information``) over the same questions, at their first visits and at their last:

===========  ================  ======================================================================================
verdict      majority ratio    answer information
===========  ================  ======================================================================================
learnt       rose              rose
sharpened    rose              did not: the model says more often what it said before
collapsed    rose              fell below half of its start; or it was chance, and is, while one pseudo-label took over
nothing      did not rise      any
===========  ================  ======================================================================================

"Rose" means by more than two standard errors over questions, or two standard deviations of chance. Labels, where there
are any, correct the word: accuracy that rose is learnt, one that did not makes "learnt" sharpened. A collapse stays
one. Information is blind where all questions have one true answer: such a run is sharpened at most.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ttrl_verl.evaluation.figures import Mean
from ttrl_verl.record.visits import History, Visit
from ttrl_verl.reward_fns.information import Information, answer_information

Word = Literal["learnt", "sharpened", "collapsed", "nothing"]

INFORMED = 2.0
"""Information counts from here on, in standard deviations above chance."""

LOST = 0.5
"""Below this share of its start, information counts as lost."""

# A run of one question has no error over questions; less than this is no change.
_LEAST = 0.02


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a run.

    Attributes:
        word: the verdict.
        agreement: the majority ratio at the first visits and at the last.
        information: the answer information at both.
        accuracy: the change of accuracy that labels measured; ``None`` without labels.
        between: whether the first visits and the last are others; where they are the same, only labels tell a change.
    """

    word: Word
    agreement: tuple[float, float]
    information: tuple[Information, Information]
    accuracy: Mean | None
    between: bool = True

    def sentence(self) -> str:
        """Return the verdict and what it is from.

        Example:
            "Learnt: the majority ratio went from 0.55 to 0.89, the answer information from 0.97 nats (z 36) to 1.28
            (z 48)."
        """
        old, new = self.information
        words = {"nothing": "Nothing learnt"}
        word = words.get(self.word, self.word.capitalize())
        if not self.between:
            return (
                f"{word}: every question was voted on at one step only (majority ratio {self.agreement[0]:.2f}, answer "
                f"information {old.nats:.2f} nats, z {old.z:.0f}), so the votes tell no change."
            )
        return (
            f"{word}: the majority ratio went from {self.agreement[0]:.2f} to "
            f"{self.agreement[1]:.2f}, the answer information from {old.nats:.2f} nats (z {old.z:.0f}) to "
            f"{new.nats:.2f} (z {new.z:.0f})."
        )


def read_verdict(histories: Sequence[History], changes: Mapping[str, Mean] | None = None) -> Verdict | None:
    """Return the verdict; ``None`` where no question was visited.

    Args:
        histories: of the training questions. Those that were visited twice count; where none was, the first step is
            held against the last.
        changes: of accuracy, by data source of the training questions; see ``figures.paired_changes``. Where there are
            none, labels of the pseudo-labels' record are used, if any.
    """
    if not histories:
        return None
    again = [history for history in histories if len(history) > 1]
    between = True
    if again:
        first, last = [history[0] for history in again], [history[-1] for history in again]
        agreement = Mean.of([new.majority_ratio - old.majority_ratio for old, new in zip(first, last, strict=True)])
    else:
        steps = sorted(history[0].step for history in histories)
        first, last = ([h[0] for h in histories if h[0].step == step] for step in (steps[0], steps[-1]))
        between = steps[0] != steps[-1]
        old, new = (Mean.of([visit.majority_ratio for visit in visits]) for visits in (first, last))
        agreement = new.less(old)
    accuracy = _pooled(changes) if changes else _label_change(first, last) if again else None
    information = (_information(first), _information(last))
    word = _by_votes(agreement, information, _label_shares(first, last))
    return Verdict(
        _by_labels(word, accuracy),
        (_mean_ratio(first), _mean_ratio(last)),
        information,
        accuracy,
        between,
    )


def _by_votes(agreement: Mean, information: tuple[Information, Information], top_label: tuple[float, float]) -> Word:
    old, new = information
    if not _rose(agreement):
        return "nothing"
    informed = old.z >= INFORMED
    taken = top_label[1] > top_label[0] and top_label[1] >= (1 + top_label[0]) / 2
    if (informed and new.nats < LOST * old.nats) or (not informed and new.z < INFORMED and taken):
        return "collapsed"
    risen = new.nats - old.nats > 2 * math.hypot(old.deviation, new.deviation)
    return "learnt" if risen and new.z >= INFORMED else "sharpened"


def _by_labels(word: Word, accuracy: Mean | None) -> Word:
    if accuracy is None or word == "collapsed":
        return word
    if _rose(accuracy):
        return "learnt"
    return "sharpened" if word == "learnt" else word


def _rose(change: Mean) -> bool:
    return change.value > max(_LEAST, 2 * (change.error or 0.0))


def _pooled(changes: Mapping[str, Mean]) -> Mean:
    """Return the mean change over data sources, each alike."""
    errors = [change.error for change in changes.values()]
    error = None if None in errors else math.hypot(*errors) / len(errors)
    return Mean(sum(change.value for change in changes.values()) / len(changes), error)


def _label_change(first: Sequence[Visit], last: Sequence[Visit]) -> Mean | None:
    """Return how the share of right pseudo-labels changed, over the questions with a label."""
    known = [(old.right, new.right) for old, new in zip(first, last, strict=True) if new.right is not None]
    return Mean.of([float(bool(new)) - float(bool(old)) for old, new in known]) if known else None


def _information(visits: Sequence[Visit]) -> Information:
    return answer_information([visit.answers for visit in visits])


def _mean_ratio(visits: Sequence[Visit]) -> float:
    return sum(visit.majority_ratio for visit in visits) / len(visits)


def _label_shares(first: Sequence[Visit], last: Sequence[Visit]) -> tuple[float, float]:
    """Return the share of the most common pseudo-label, at the first visits and at the last."""
    return tuple(
        max(Counter(v.pseudo_label for v in visits if v.pseudo_label is not None).values(), default=0) / len(visits)
        for visits in (first, last)
    )
