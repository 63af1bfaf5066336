"""Which of a run's checkpoints to take: the last, the best by a rule that sees no label, the best by labels."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ttrl_verl.evaluation.figures import Figures
from ttrl_verl.printable import one_line
from ttrl_verl.record.read import Run
from ttrl_verl.record.visits import Visit, read_histories
from ttrl_verl.report.validation import Validation, read_validation
from ttrl_verl.reward_fns.information import answer_information

ROOM = 0.02
"""How far the share of responses without an answer or cut off may be above the start's: noise is no collapse."""

# Of two saved steps the same questions are compared: so many exchanges do.
_EXCHANGES = 32

# Alarms of the record and of the data: the weights are what they are.
_NOT_OF_THE_MODEL = ("audit_lost", "data_changed")

RULE = (
    "The best without labels is the saved step with the highest majority ratio, the mean over all training questions "
    "of each one's most recent visit up to that step (its first visit where none came yet), among the saved steps "
    "with no sign of a collapse: no alarm on the model at or before it; responses without an answer plus those cut "
    f"off at most {ROOM:g} above their share at the first visits; the most common pseudo-label less than half the way "
    "from its share of the questions then to all of them; the mean length between half and double. Of equals, the "
    "earlier."
)
INFORMED_RULE = (
    "The most informed is, among the same saved steps, the one with the highest answer information over each "
    "question's most recent visit (docs/information.md). It sees no label."
)
LABEL_RULE = (
    "The best by labels is the saved step with the highest validation accuracy (avg@n, over the adapted questions "
    "where they are validated on). Choosing by labels is not test-time RL: a figure of that checkpoint is not one "
    "that a user without labels could have had."
)


@dataclass(frozen=True, slots=True)
class Glance:
    """A visit, in the little that ``RULE`` looks at: fields of ``record.visits.Visit``."""

    step: int
    responses: int
    pseudo_label: str | None
    majority_ratio: float
    unparsed: int
    truncated: int
    length: float


Seen = Visit | Glance


class CheckpointChoice(NamedTuple):
    """Steps of saved checkpoints; ``None`` where there is none of the kind."""

    last: int | None
    best_label_free: int | None
    best_by_label: int | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A saved step as the two rules see it.

    Attributes:
        majority_ratio: over each question's most recent visit; ``None`` without an audit.
        against: why the rule without labels leaves it out; empty where it does not.
        accuracy: validation accuracy at this step; ``None`` where it was not measured, or without labels.
        information: answer information over each question's most recent visit, nats; ``None`` without an audit.
    """

    step: int
    majority_ratio: float | None
    against: str
    accuracy: float | None
    information: float | None = None


def checkpoint_choice(run: Run) -> CheckpointChoice:
    """Return the last checkpoint, the best by a rule without labels, and the best by labels. ``RULE`` says the rule.

    Raises:
        InputError: a file of the run cannot be read.

    Example:
        >>> checkpoint_choice(open_run(Path("runs/1")))  # doctest: +SKIP
        CheckpointChoice(last=80, best_label_free=60, best_by_label=80)
    """
    histories = read_histories(run.audit())
    candidates = read_candidates(run.checkpoints(), histories, run.alarms(), read_validation(run, histories))
    return choose(candidates)


def choose(candidates: Sequence[Candidate]) -> CheckpointChoice:
    """Return the choice among saved steps, given in order."""
    sound = [c for c in candidates if c.majority_ratio is not None and not c.against]
    measured = [c for c in candidates if c.accuracy is not None]
    return CheckpointChoice(
        last=candidates[-1].step if candidates else None,
        # max returns the first of equals.
        best_label_free=max(sound, key=lambda c: c.majority_ratio).step if sound else None,
        best_by_label=max(measured, key=lambda c: c.accuracy).step if measured else None,
    )


def most_informed(candidates: Sequence[Candidate]) -> int | None:
    """Return the saved step with the most answer information, of those with no sign of a collapse; the earlier of two.

    ``INFORMED_RULE`` says the rule. ``None`` where nothing can be told.
    """
    sound = [c for c in candidates if c.information and not c.against]
    return max(sound, key=lambda c: c.information).step if sound else None


def informed_choice(run: Run) -> int | None:
    """Return the step of the most informed checkpoint of a run: see ``most_informed``."""
    histories = read_histories(run.audit())
    validation = Validation({}, frozenset())  # no label is looked at
    return most_informed(read_candidates(run.checkpoints(), histories, run.alarms(), validation))


def read_candidates(
    steps: Sequence[int],
    histories: Sequence[Sequence[Seen]],
    alarms: Sequence[Mapping[str, Any]],
    validation: Validation,
    *,
    informed: bool = True,
) -> list[Candidate]:
    """Return the saved steps as the rules see them, in order.

    Args:
        steps: whose weights were saved.
        histories: of all training questions.
        alarms: that fired.
        validation: the run's.
        informed: whether the answer information is computed, for which every visit has its answers.
    """
    fired = [alarm for alarm in alarms if alarm.get("alarm") not in _NOT_OF_THE_MODEL]
    start = _State.of([history[0] for history in histories]) if histories else None
    candidates = []
    for step in steps:
        ratio, information, against = None, None, "no audit"
        if start is not None:
            visits = [_most_recent(history, step) for history in histories]
            state = _State.of(visits)
            if informed:
                information = answer_information([visit.answers for visit in visits], exchanges=_EXCHANGES).nats
            before = [alarm for alarm in fired if alarm["step"] <= step]
            ratio, against = state.majority_ratio, state.against(start)
            if before:
                against = one_line(f"the alarm {before[0].get('alarm')} fired at step {before[0]['step']}", 120)
        candidates.append(Candidate(step, ratio, against, _accuracy(validation, step), information))
    return candidates


@dataclass(frozen=True, slots=True)
class _State:
    """What can be seen without labels on one visit to each question."""

    majority_ratio: float
    unanswered: float
    top_label: float
    length: float

    @classmethod
    def of(cls, visits: Sequence[Seen]) -> "_State":
        responses = max(1, sum(visit.responses for visit in visits))
        return cls(
            majority_ratio=math.fsum(visit.majority_ratio for visit in visits) / len(visits),
            unanswered=sum(visit.unparsed + visit.truncated for visit in visits) / responses,
            top_label=max(Counter(v.pseudo_label for v in visits if v.pseudo_label).values(), default=0) / len(visits),
            length=math.fsum(visit.length for visit in visits) / len(visits),
        )

    def against(self, start: "_State") -> str:
        """Return what looks like a collapse since the start; empty where nothing does."""
        if self.unanswered > start.unanswered + ROOM:
            return f"without an answer or cut off: {start.unanswered:.2f} at the start, {self.unanswered:.2f} here"
        # Of pseudo-labels, not of answers: sharpening makes these fewer, too. One question has one, and should.
        if start.top_label < self.top_label and self.top_label >= (1 + start.top_label) / 2:
            return f"the most common pseudo-label: {start.top_label:.2f} at the start, {self.top_label:.2f} here"
        if not start.length / 2 <= self.length <= start.length * 2:
            return f"mean length: {start.length:.1f} tokens at the start, {self.length:.1f} here"
        return ""


def _most_recent(history: Sequence[Seen], step: int) -> Seen:
    return next((visit for visit in reversed(history) if visit.step <= step), history[0])


def _accuracy(validation: Validation, step: int) -> float | None:
    """Return the mean accuracy over the questions adapted to, or over all where none of them is validated on."""
    figures = validation.passes.get(step, {})
    chosen: list[Figures] = [f for source, f in figures.items() if source in validation.adapted] or [*figures.values()]
    labelled = [f for f in chosen if f.avg is not None]
    questions = sum(f.questions for f in labelled)
    return sum(f.avg.value * f.questions for f in labelled if f.avg) / questions if questions else None
