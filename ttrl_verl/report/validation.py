"""The validation passes of a run: figures by step and data source, and which sources were adapted to."""

import dataclasses
import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ttrl_verl.errors import InputError
from ttrl_verl.evaluation.figures import Figures, Mean, paired_changes, read_figures
from ttrl_verl.record.read import Run
from ttrl_verl.record.visits import History
from ttrl_verl.reward_fns.answers import AnswerType

MAX_PASSES = 40
"""A report reads no more validation passes than this: the first, the last, those of checkpoints, and some between."""


@dataclass(frozen=True, slots=True)
class Validation:
    """What validation says.

    Attributes:
        passes: the figures by step, then by data source.
        adapted: the data sources of the training questions; the others are held out.
        notes: what was left out and why, a sentence each.
    """

    passes: Mapping[int, Mapping[str, Figures]]
    adapted: frozenset[str]
    notes: tuple[str, ...] = ()

    def sources(self) -> list[str]:
        """Return the data sources, those adapted to first."""
        found = {source for figures in self.passes.values() for source in figures}
        return sorted(found, key=lambda source: (source not in self.adapted, source))

    def steps(self, source: str) -> list[int]:
        """Return the steps at which a data source was measured."""
        return [step for step, figures in self.passes.items() if source in figures]


def read_validation(run: Run, histories: Sequence[History]) -> Validation:
    """Return the figures of the run's validation passes.

    A pass that cannot be read, as one that is being written, is left out with a note.

    Raises:
        InputError: the run's configuration names no answer type.
    """
    files = run.validations()
    chosen = _chosen(list(files), run.checkpoints())
    notes = []
    if len(chosen) < len(files):
        notes.append(
            f"{len(files)} validation passes; {len(chosen)} of them are read, the first, the last and some between"
        )
    answer_type = _answer_type(run) if chosen else None
    passes = {}
    for step in chosen:
        try:
            # A fault in any one line is a fault of the pass: a mean over what is left would be another figure.
            passes[step] = read_figures(files[step], answer_type)
        except InputError as error:
            notes.append(f"validation/{files[step].name} is left out: {error}")
    return Validation(
        {step: passes[step] for step in sorted(passes) if passes[step]}, _adapted(run, histories), (*notes,)
    )


def accuracy_changes(run: Run, validation: Validation) -> dict[str, Mean]:
    """Return how accuracy on each data source that was adapted to changed, from the first pass to the last.

    Each question is held against itself where the passes say which is which (see ``paired_changes``).
    """
    steps = list(validation.passes)
    if len(steps) < 2:
        return {}
    files = run.validations()
    first, last = validation.passes[steps[0]], validation.passes[steps[-1]]
    paired = paired_changes(files[steps[0]], files[steps[-1]])
    changes = {}
    for source in validation.adapted:
        old, new = (figures[source].avg if source in figures else None for figures in (first, last))
        if source in paired:
            changes[source] = paired[source]
        elif old is not None and new is not None:
            changes[source] = new.less(old)
    return changes


def _chosen(steps: Sequence[int], wanted: Collection[int]) -> list[int]:
    """Return the steps to read, in order: all where they are few."""
    if len(steps) <= MAX_PASSES:
        return list(steps)
    # Checkpoints may be as many as passes; they get half of the places, the latest first.
    kept = {steps[0], steps[-1], *[step for step in steps if step in set(wanted)][-MAX_PASSES // 2 :]}
    places = MAX_PASSES - len(kept)
    kept |= {steps[round(place * (len(steps) - 1) / places)] for place in range(1, places)}
    return sorted(kept)


def _answer_type(run: Run) -> AnswerType:
    """Return the run's answer type; it remembers labels, which every pass brings to canonical form again."""
    kind = run.answer_type()
    return dataclasses.replace(kind, canonical=functools.cache(kind.canonical))


def _adapted(run: Run, histories: Sequence[History]) -> frozenset[str]:
    """Return the data sources of the training questions: from the audit, else the names of the training files."""
    if histories:
        return frozenset(history[0].data_source for history in histories)
    files = run.setting("data.train_files") or []
    return frozenset(Path(file).stem for file in ([files] if isinstance(files, str) else files))
