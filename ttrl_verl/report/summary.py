"""All of a report's figures, computed once: the page and the text only show them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ttrl_verl.evaluation.figures import Figures, Mean
from ttrl_verl.printable import one_line
from ttrl_verl.record.read import Run
from ttrl_verl.record.saved import what_is_missing
from ttrl_verl.record.visits import Flips, History, Outcomes, count_flips, count_outcomes, read_histories
from ttrl_verl.report.baseline import Baseline, read_baselines
from ttrl_verl.report.checkpoints import Candidate, CheckpointChoice, choose, most_informed, read_candidates
from ttrl_verl.report.curves import Curve, Point, step_curves
from ttrl_verl.report.examples import Example, choose_examples
from ttrl_verl.report.headline import headline
from ttrl_verl.report.images import ShownImage, read_images
from ttrl_verl.report.provenance import Provenance, read_provenance
from ttrl_verl.report.validation import Validation, accuracy_changes, read_validation
from ttrl_verl.report.verdict import Verdict, read_verdict
from ttrl_verl.reward_fns import needs_label
from ttrl_verl.reward_fns.judge import rewards_title

MAX_ALARMS = 20


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm that fired; texts are fit to be shown."""

    step: str
    name: str
    value: str
    threshold: str
    action: str
    message: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A data source's figures at one step, for the table of accuracy; ``roles`` says what the step is, as the last."""

    source: str
    adapted: bool
    when: str
    roles: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Summary:
    """What a report shows.

    Attributes:
        name: the folder's.
        title: what was run, in a line.
        verdict: what came of it, in a word; ``None`` where no question was visited.
        outcome: the same, in some sentences.
        steps: how many were trained.
        expected: how many were meant to be; ``None`` where that is not known.
        uses_labels: whether labels were allowed into the reward.
        curves: of the training steps.
        accuracy: a list of curves a data source.
        measured: the table of accuracy: before, at the end, at the best checkpoints.
        informed: the saved step with the most answer information; ``None`` where nothing can be told.
        alarms: the first ``MAX_ALARMS``; ``alarms_fired`` counts all, ``alarm_steps`` says when.
        resumes: the first steps of later attempts.
        notes: what was left out and why.
    """

    name: str
    title: str
    verdict: Verdict | None
    outcome: str
    steps: int
    expected: int | None
    uses_labels: bool
    validation: Validation
    curves: tuple[Curve, ...]
    accuracy: Mapping[str, tuple[Curve, ...]]
    measured: tuple[Measured, ...]
    made_of: tuple[str, ...]
    outcomes: Outcomes
    flips: Flips
    baselines: tuple[Baseline, ...]
    candidates: tuple[Candidate, ...]
    choice: CheckpointChoice
    informed: int | None
    alarms: tuple[Alarm, ...]
    alarms_fired: int
    alarm_steps: tuple[int, ...]
    resumes: tuple[int, ...]
    examples: Mapping[str, tuple[Sequence[Example], int]]
    images: Mapping[str, Sequence[ShownImage]]
    provenance: Provenance
    notes: tuple[str, ...]


def summarize(run: Run, baseline: Path | None = None) -> Summary:
    """Return all figures of a run's report.

    Args:
        run: it may still be going on, and need not have validated, nor have labels.
        baseline: a file with figures of the untrained model, see ``read_baselines``.

    Raises:
        InputError: a file cannot be read. The message names it.
    """
    histories = read_histories(run.audit())
    metrics, alarms = run.metrics(), run.alarms()
    validation = read_validation(run, histories)
    candidates = read_candidates(run.checkpoints(), histories, alarms, validation)
    choice = choose(candidates)
    trained = [row["step"] for row in metrics] + [history[-1].step for history in histories]
    steps, expected = max(trained, default=0), run.expected_steps()
    baselines = tuple(read_baselines(histories, validation, baseline))
    reward, uses_labels = _reward(run)
    curves = step_curves(metrics, histories)
    verdict = read_verdict(histories, accuracy_changes(run, validation))
    sentence = headline(
        validation,
        histories,
        verdict=verdict,
        steps=steps,
        expected=expected,
        uses_labels=uses_labels,
        alarms=len(alarms),
    )
    return Summary(
        name=one_line(run.folder.resolve().name, 120),
        title=_title(run, reward),
        verdict=verdict,
        outcome=sentence,
        steps=steps,
        expected=expected,
        uses_labels=uses_labels,
        validation=validation,
        curves=tuple(curves),
        accuracy={source: _accuracy(validation, source) for source in validation.sources()},
        measured=tuple(_measured(validation, choice)),
        made_of=tuple(_made_of(validation)),
        outcomes=count_outcomes(histories),
        flips=count_flips(histories),
        baselines=baselines,
        candidates=tuple(candidates),
        choice=choice,
        informed=most_informed(candidates),
        alarms=tuple(_alarm(row) for row in alarms[:MAX_ALARMS]),
        alarms_fired=len(alarms),
        alarm_steps=tuple(sorted({row["step"] for row in alarms})),
        resumes=tuple(a.first_step for a in run.manifest.attempts[1:] if a.first_step is not None),
        examples=choose_examples(histories),
        images=read_images(run),
        provenance=read_provenance(run),
        notes=(*validation.notes, *_notes(run, histories, metrics)),
    )


def _reward(run: Run) -> tuple[str, bool]:
    """Return what the run was rewarded for, and whether labels were part of it."""
    several = run.setting("ttrl.rewards")
    names = [entry["name"] for entry in several or ()] or [str(run.setting("reward.reward_manager.name"))]
    return rewards_title(names[0], several), bool(run.setting("ttrl.allow_labels")) or any(map(needs_label, names))


def made_of(before: Mapping[str, Figures], after: Mapping[str, Figures]) -> list[str]:
    """Return a sentence a data source: how much of the gain is answering at all, and how much is answering right."""
    sentences = []
    for source, old in before.items():
        new = after.get(source)
        if new is None or old.parsed_accuracy is None or new.parsed_accuracy is None:
            continue
        sentences.append(
            f"{source}: responses without an answer went from {old.unparsed:.2f} to {new.unparsed:.2f}; accuracy among "
            f"those with one from {old.parsed_accuracy:.2f} to {new.parsed_accuracy:.2f}."
        )
    return sentences


def _made_of(validation: Validation) -> list[str]:
    steps = list(validation.passes)
    if len(steps) < 2:
        return []
    return [one_line(s, 600) for s in made_of(validation.passes[steps[0]], validation.passes[steps[-1]])]


def _title(run: Run, reward: object) -> str:
    model = Path(str(run.setting("actor_rollout_ref.model.path") or "a model")).name
    return one_line(f"{model}, reward {reward}, {run.setting('ttrl.votes')} votes a question", 200)


def _accuracy(validation: Validation, source: str) -> tuple[Curve, ...]:
    """Return avg@n, maj@n and the greedy accuracy of a data source against steps, those that there are."""
    figures = {step: validation.passes[step][source] for step in validation.steps(source)}
    n = max(f.samples for f in figures.values())
    curves = []
    for key, name in (("avg", f"avg@{n}"), ("maj", f"maj@{n}"), ("greedy", "greedy")):
        means: dict[int, Mean | None] = {step: getattr(f, key) for step, f in figures.items()}
        points = tuple(Point(step, mean.value, mean.error) for step, mean in means.items() if mean is not None)
        if points:
            curves.append(Curve(key, name, "", True, points))
    return tuple(curves)


def _measured(validation: Validation, choice: CheckpointChoice) -> list[Measured]:
    rows = []
    roles: dict[int, list[str]]
    for source in validation.sources():
        steps = validation.steps(source)
        roles = {steps[0]: [], steps[-1]: ["last"] if steps[-1] else []}
        for step, name in ((choice.best_label_free, "best without labels"), (choice.best_by_label, "best by labels")):
            if step in steps:
                roles.setdefault(step, []).append(name)
        for step in sorted(roles):
            when = f"step {step}" if step else "before"
            figures = validation.passes[step][source]
            rows.append(
                Measured(one_line(source, 60), source in validation.adapted, when, ", ".join(roles[step]), figures)
            )
    return rows


def _alarm(row: Mapping[str, Any]) -> Alarm:
    value, threshold = (_number(row.get(key)) for key in ("value", "threshold"))
    names = (one_line(row.get(key, ""), 60) for key in ("step", "alarm"))
    return Alarm(*names, value, threshold, one_line(row.get("action", ""), 20), one_line(row.get("message", ""), 300))


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) and math.isfinite(value) else one_line(value, 40)


def _notes(run: Run, histories: Sequence[History], metrics: Sequence[Mapping[str, Any]]) -> list[str]:
    notes = []
    # What verl logged counts the prompts of which nothing came, too; the audit has no row of these.
    logged = [row["data"].get("ttrl/missing_responses", 0) for row in metrics]
    missing = max(
        sum(visit.missing for history in histories for visit in history),
        round(sum(value for value in logged if isinstance(value, int | float) and math.isfinite(value))),
    )
    if missing:
        notes.append(f"{missing} responses were asked for and did not come")
    if not histories:
        notes.append("No step's votes are on record: nothing can be said of single questions")
    keep = run.setting("trainer.max_actor_ckpt_to_keep")
    missing_of = {step: (folder.name, what_is_missing(folder)) for step, folder in run.checkpoint_folders().items()}
    whole = [step for step, (_, lacks) in missing_of.items() if not lacks]
    for step, (name, lacks) in missing_of.items():
        # verl deletes the weights of older ones where it is to keep few, and leaves their folders.
        replaced = isinstance(keep, int) and sum(later > step for later in whole) >= keep
        if lacks and not replaced:
            notes.append(f"{name} is left out: {lacks}")
    return notes
