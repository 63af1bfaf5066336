"""The card of an exported model: what it was made from, how, and what was measured."""

from collections.abc import Iterator
from typing import Any

import yaml

from ttrl_verl.evaluation.figures import Figures, read_figures, shown
from ttrl_verl.record.read import Run
from ttrl_verl.reward_fns.judge import rewards_title

_HOW_CHOSEN = {
    "last": "the last checkpoint",
    "best": "the best by a rule that sees no label",
    "informed": "the one with the most answer information, which sees no label",
    None: "chosen by its number",
}
_LABELS = {
    False: "No label reached a training reward: responses earned what their group's answers made of them.",
    True: "Labels were allowed to reach the training reward (ttrl.allow_labels): this model is a control.",
}


def model_card(run: Run, step: int, *, chosen: str | None = None) -> str:
    """Return the card in Markdown, with the hub's metadata in front.

    Args:
        run: the run that the model is from.
        step: the checkpoint's.
        chosen: ``last`` or ``best``, where the step was chosen so.
    """
    base = run.base_model
    head = {"base_model": base, "library_name": "transformers", "tags": ["test-time-reinforcement-learning", "verl"]}
    name = base.rstrip("/").rsplit("/", 1)[-1]
    lines = [
        "---",
        yaml.safe_dump(head, allow_unicode=True, sort_keys=False).strip(),
        "---",
        "",
        f"# {name}, adapted without labels",
        "",
        f"Step {step} of a run of ttrl-verl ({_HOW_CHOSEN[chosen]}). {_LABELS[bool(run.setting('ttrl.allow_labels'))]}",
        "",
        *_table(["setting", "value"], _settings(run)),
        "",
        "## Data",
        "",
        *_table(["file", "rows", "sha256"], _files(run)),
        "",
        "## Measured",
        "",
        *_measured(run, step),
        "",
        "## Know before use",
        "",
        "- Agreement sharpens what the model already says most often, and its format; it adds no knowledge.",
        "- Questions that were trained on are not held out: on those, the figures are of transductive learning.",
        "",
    ]
    return "\n".join(lines)


def _files(run: Run) -> Iterator[list[Any]]:
    for file in run.manifest.data:
        yield [file.path, file.rows, file.sha256]


def _settings(run: Run) -> Iterator[list[Any]]:
    """Yield what the run was trained with; what its configuration does not have is empty."""
    actor, rollout = "actor_rollout_ref.actor", "actor_rollout_ref.rollout"
    yield ["base model", run.base_model]
    yield ["reward", rewards_title(str(run.setting("reward.reward_manager.name")), run.setting("ttrl.rewards"))]
    if options := run.setting("ttrl.reward_options"):
        yield ["reward options", options]
    rows = {
        "advantage estimator": ["algorithm.adv_estimator"],
        "answer type": ["ttrl.answer_type"],
        "votes, kept": ["ttrl.votes", f"{rollout}.n"],
        "prompts a step": ["data.train_batch_size"],
        "learning rate": [f"{actor}.optim.lr"],
        "KL loss": [f"{actor}.kl_loss_coef"] if run.setting(f"{actor}.use_kl_loss") else [],
        "temperature": [f"{rollout}.temperature"],
        "longest prompt, response, in tokens": ["data.max_prompt_length", "data.max_response_length"],
        "seed of the data order": ["data.seed"],
    }
    for name, keys in rows.items():
        yield [name, ", ".join(str(run.setting(key)) for key in keys) or "none"]
    if run.manifest.attempts:
        versions = run.manifest.attempts[-1].versions
        yield ["versions", ", ".join(f"{name} {version}" for name, version in versions.items())]


def _measured(run: Run, step: int) -> list[str]:
    """Return the figures before training and at the step, or what there is."""
    validations = run.validations()
    if 0 not in validations and step not in validations:
        return ["Nothing was measured at this step or before training (trainer.test_freq, trainer.val_before_train)."]
    answer_type = run.answer_type()
    rows = []
    for at, when in ((0, "before"), (step, f"step {step}")):
        if at in validations:
            rows += [[source, when, *_cells(f)] for source, f in read_figures(validations[at], answer_type).items()]
    if step not in validations:
        rows.append(["(all)", f"step {step}", "not measured", "", "", ""])
    return [
        *_table(["questions", "", "avg@n", "greedy", "maj@n", "without an answer"], rows),
        "",
        "Means over questions, ± one standard error. Labels measured this table.",
    ]


def _cells(figures: Figures) -> list[str]:
    means = (figures.avg, figures.greedy, figures.maj)
    return [*map(shown, means), f"{figures.unparsed:.3f}"]


def _table(head: list[str], rows: Any) -> list[str]:
    """Return a Markdown table; what is in a cell stays in it."""
    cells = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *(f"| {' | '.join(row)} |" for row in cells)]
