"""What came of a run, in a sentence or two, in plain words."""

import math
from collections.abc import Sequence

from ttrl_verl.evaluation.figures import Mean
from ttrl_verl.printable import one_line
from ttrl_verl.record.visits import History
from ttrl_verl.report.validation import Validation
from ttrl_verl.report.verdict import Verdict


def headline(
    validation: Validation,
    histories: Sequence[History],
    *,
    verdict: Verdict | None,
    steps: int,
    expected: int | None,
    uses_labels: bool,
    alarms: int,
) -> str:
    """Return the verdict and what came of the run.

    Args:
        validation: the run's.
        histories: of its questions.
        verdict: on the run; ``None`` where no question was visited.
        steps: how many were trained.
        expected: how many were meant to be, where that is known.
        uses_labels: whether labels were allowed into the reward.
        alarms: how many fired.

    Example:
        "Learnt: the majority ratio went from 0.55 to 0.89, the answer information from 0.97 nats (z 36) to 1.28 (z 48).
        In 7 steps, accuracy on continents_adapted (adapted to, avg@16) rose from 0.565 to 0.945. No label reached a
        reward."
    """
    sentences = [verdict.sentence()] if verdict is not None and steps else []
    sentences.append(_change(validation, histories, steps))
    if expected is not None and steps < expected:
        sentences.append(f"The run has done {steps} of its {expected} steps: it is going on, or was stopped.")
    if alarms:
        sentences.append(f"{alarms} {'alarm' if alarms == 1 else 'alarms'} fired: see below.")
    if uses_labels:
        sentences.append(
            "Labels were allowed into the reward (ttrl.allow_labels): this is a control, not test-time RL."
        )
    else:
        sentences.append("No label reached a reward.")
    return " ".join(sentences)


def _change(validation: Validation, histories: Sequence[History], steps: int) -> str:
    if steps == 0:
        return "No step was trained yet."
    span = f"In {steps} {'step' if steps == 1 else 'steps'}"
    passes = list(validation.passes)
    if len(passes) > 1:
        old, new = validation.passes[passes[0]], validation.passes[passes[-1]]
        both = [source for source in validation.sources() if source in old and source in new]
        parts = [_part(validation, source) for source in both[:2] if old[source].avg and new[source].avg]
        if parts:
            more = f" ({len(both) - 2} more data sources below)" if len(both) > 2 else ""
            return f"{span}, accuracy {'; '.join(parts)}{more}."
    if not histories:
        return f"{span}, nothing was measured."
    first, last = ([history[at] for history in histories] for at in (0, -1))
    ratios = tuple(sum(visit.majority_ratio for visit in visits) / len(visits) for visits in (first, last))
    votes = f"the majority ratio {_moved(*ratios)} {ratios[0]:.3f} to {ratios[1]:.3f}, from first visits to last"
    known = [(old.right, new.right) for old, new in zip(first, last, strict=True) if new.right is not None]
    if not known:
        return f"{span}, {votes}; without labels nobody knows whether the answers are right."
    right = tuple(sum(bool(pair[at]) for pair in known) / len(known) for at in (0, 1))
    return f"{span}, the share of right pseudo-labels {_moved(*right)} {right[0]:.3f} to {right[1]:.3f}, and {votes}."


def _part(validation: Validation, source: str) -> str:
    steps = validation.steps(source)
    old, new = (validation.passes[step][source] for step in (steps[0], steps[-1]))
    role = "adapted to" if source in validation.adapted else "held out"
    change = f"{_verb(old.avg, new.avg)} from {old.avg.value:.3f} to {new.avg.value:.3f}"
    since = "" if steps[0] == 0 else f" since step {steps[0]}"
    return f"on {one_line(source, 60)} ({role}, avg@{new.samples}) {change}{since}"


def _verb(old: Mean, new: Mean) -> str:
    """Say rose or fell only of a change beyond two standard errors, taken as of independent samples."""
    errors = (old.error, new.error)
    if None not in errors and abs(new.value - old.value) < 2 * math.hypot(*errors):
        return "did not change beyond its noise,"
    return "rose" if new.value > old.value else "fell" if new.value < old.value else "stayed,"


def _moved(old: float, new: float) -> str:
    return "rose from" if new > old else "fell from" if new < old else "stayed, from"
