"""``ttrl-verl export``: the adapted model, for transformers and vLLM."""

from pathlib import Path

import click


@click.command(epilog="Example: ttrl-verl export runs/aime24 adapted --step best")
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--step", default="last", show_default=True, help="A step's number, last, best or informed: see report.")
def command(run_dir: Path, out: Path, step: str) -> None:
    """Write a checkpoint of the run in RUN_DIR as a Hugging Face folder OUT, with a model card.

    A LoRA run gives its adapter. verl's own merger does the work; it writes bfloat16. best and informed are chosen by
    rules that see no label.
    """
    from rich.console import Console

    from ttrl_verl.errors import InputError
    from ttrl_verl.export.card import model_card
    from ttrl_verl.export.checkpoint import export
    from ttrl_verl.record.read import open_run
    from ttrl_verl.record.saved import what_is_missing

    run = open_run(run_dir)
    if not run.checkpoints():
        halves = [what_is_missing(folder) for folder in run.checkpoint_folders().values()]
        why = halves[-1] if halves else "expected trainer.save_freq to be positive in the run"
        raise InputError(f"{run_dir}: has no {'whole ' if halves else ''}checkpoint; {why}")
    number = _step(run, step)
    card = model_card(run, number, chosen=None if step.isdecimal() else step)
    with Console(stderr=True).status(f"merging the weights of step {number}"):
        export(run, number, out, card=card)
    click.echo(f"{out}: step {number}; its README.md says what it was made from")


def _step(run, step: str) -> int:
    from ttrl_verl.errors import InputError

    if step == "last":
        return run.checkpoints()[-1]
    if step in ("best", "informed"):
        from ttrl_verl.report.checkpoints import checkpoint_choice, informed_choice

        best = checkpoint_choice(run).best_label_free if step == "best" else informed_choice(run)
        if best is None:
            raise InputError(
                f"{run.folder}: the rule without labels finds no checkpoint good; `ttrl-verl report` says why"
            )
        return best
    if not step.isdecimal():
        raise InputError(f"--step is {step!r}; expected a number, last, best or informed")
    return int(step)
