"""The card of an exported model: what it was made from, how, and what was measured."""

from collections.abc import Iterator, Mapping
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
    config = run.manifest.config
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
        f"Step {step} of a run of ttrl-verl ({_HOW_CHOSEN[chosen]}). {_LABELS[bool(config['ttrl']['allow_labels'])]}",
        "",
        *_table(["setting", "value"], _settings(config, run)),
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


def _settings(config: Mapping[str, Any], run: Run) -> Iterator[list[Any]]:
    actor, rollout, data = (
        config["actor_rollout_ref"]["actor"],
        config["actor_rollout_ref"]["rollout"],
        config["data"],
    )
    yield ["base model", run.base_model]
    yield ["reward", rewards_title(config["reward"]["reward_manager"]["name"], config["ttrl"].get("rewards"))]
    if config["ttrl"].get("reward_options"):
        yield ["reward options", config["ttrl"]["reward_options"]]
    yield ["advantage estimator", config["algorithm"]["adv_estimator"]]
    yield ["answer type", config["ttrl"]["answer_type"]]
    yield ["votes, kept", f"{config['ttrl']['votes']}, {rollout['n']}"]
    yield ["prompts a step", data["train_batch_size"]]
    yield ["learning rate", actor["optim"]["lr"]]
    yield ["KL loss", actor["kl_loss_coef"] if actor["use_kl_loss"] else "none"]
    yield ["temperature", rollout["temperature"]]
    yield ["longest prompt, response", f"{data['max_prompt_length']}, {data['max_response_length']} tokens"]
    yield ["seed of the data order", data["seed"]]
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
