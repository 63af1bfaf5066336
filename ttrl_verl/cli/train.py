"""``ttrl-verl train``: check a recipe, then run it with verl's own trainer."""

import shlex
from pathlib import Path

import click
from omegaconf import OmegaConf


@click.command(
    epilog="Example: ttrl-verl train demo_cpu actor_rollout_ref.model.path=MODEL data.train_files=[q.jsonl] "
    "data.val_files=[q.jsonl]"
)
@click.argument("recipe")
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--dry-run", is_flag=True, help="Print the command and the composed configuration; start nothing.")
def command(recipe: str, overrides: tuple[str, ...], dry_run: bool) -> int:
    """Run RECIPE, a name from `ttrl-verl recipes` or a YAML file, with `python -m verl.trainer.main_ppo`.

    Everything that can be checked without a GPU is checked first.
    """
    from ttrl_verl.launch import run, train_command
    from ttrl_verl.preflight import check_config, check_data
    from ttrl_verl.recipe import compose_recipe, plain
    from ttrl_verl.record.folder import check_run_folder, run_folder
    from ttrl_verl.record.manifest import COMMAND_VARIABLE

    config = compose_recipe(recipe, overrides)
    line = train_command(recipe, overrides)
    if dry_run:
        click.echo(f"# {shlex.join(line)}")
        click.echo(OmegaConf.to_yaml(config), nl=False)
        return 0
    ttrl = check_config(config)
    check_data(config, ttrl)
    values = plain(config)
    check_run_folder(values, ttrl)
    folder = run_folder(values)
    before = _attempts(folder)
    typed = shlex.join(["ttrl-verl", "train", recipe, *overrides])
    status = run(line, env={COMMAND_VARIABLE: typed})
    _say_alarms(folder, before)
    return status


def _attempts(folder: Path) -> int:
    """Return how often the run of a folder was started."""
    from ttrl_verl.record.layout import MANIFEST
    from ttrl_verl.record.read import open_run

    return len(open_run(folder).manifest["attempts"]) if (folder / MANIFEST).exists() else 0


def _say_alarms(folder: Path, before: int) -> None:
    """Print the alarms that fired since, a line each."""
    from ttrl_verl.record.read import open_run

    if _attempts(folder) == before:
        return
    run = open_run(folder)
    attempt = run.manifest["attempts"][-1]["attempt"]
    for alarm in run.alarms():
        if alarm["attempt"] == attempt:
            click.echo(f"alarm: step {alarm['step']}: {alarm['alarm']}: {alarm['message']}", err=True)
