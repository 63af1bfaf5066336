"""``ttrl-verl train``: check a recipe, then run it with verl's own trainer."""

import shlex
from pathlib import Path

import click

from ttrl_verl.cli.complete import overrides as complete_overrides
from ttrl_verl.cli.complete import recipes as complete_recipes
from ttrl_verl.composition.overrides import SHORT_NAMES, translate

_WIDTH = max(len(name) for name in SHORT_NAMES)

EPILOG = """\b
Examples:
  ttrl-verl train aime24 model=qwen2.5-math-7b --dry-run
  ttrl-verl train ttrl model=/models/mine data=questions.jsonl votes=16 kept=8 gpus=4

\b
A recipe's name may be cut to its end: aime24 is ttrl_aime24. KEY is one of Hydra's, a
group of parts (estimator=ppo, hardware=4x80gb; `ttrl-verl recipes --parts` lists them)
or a short name:
""" + "\n".join(f"  {name:<{_WIDTH}}  {key}" for name, key in SHORT_NAMES.items())


@click.command(epilog=EPILOG)
@click.argument("recipe", shell_complete=complete_recipes)
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...", shell_complete=complete_overrides)
@click.option("--dry-run", is_flag=True, help="Print the command and the composed configuration; start nothing.")
def command(recipe: str, overrides: tuple[str, ...], dry_run: bool) -> int:
    """Run RECIPE, a name from `ttrl-verl recipes` or a YAML file, with `python -m verl.trainer.main_ppo`.

    Everything that can be checked without a GPU is checked first.
    """
    overrides = translate(recipe, overrides)  # a slip is told before Hydra is imported
    from ttrl_verl.composition.recipe import compose_recipe, plain

    config = compose_recipe(recipe, overrides)
    if dry_run:
        from omegaconf import OmegaConf

        from ttrl_verl.launch import train_command

        click.echo(f"# {shlex.join(train_command(recipe, overrides))}")
        click.echo(OmegaConf.to_yaml(config), nl=False)
        return 0
    from ttrl_verl.launch import run, train_command
    from ttrl_verl.preflight.settings import check_batches, check_config, check_data
    from ttrl_verl.record import COMMAND_VARIABLE
    from ttrl_verl.record.folder import check_run_folder, run_folder

    ttrl = check_config(config)
    check_batches(config)
    _check_prepared(recipe, config.data.train_files)
    check_data(config, ttrl)
    values = plain(config)
    check_run_folder(values, ttrl)
    folder = run_folder(values)
    before = _attempts(folder)
    typed = shlex.join(["ttrl-verl", "train", recipe, *overrides])
    status = run(train_command(recipe, overrides), env={COMMAND_VARIABLE: typed})
    _say_alarms(folder, before)
    return status


def _check_prepared(recipe: str, files: str | list[str] | None) -> None:
    """Say how a benchmark's file is made, where it is missing."""
    from ttrl_verl.composition.catalogue import prepare_command
    from ttrl_verl.errors import InputError
    from ttrl_verl.questions.read import as_list

    how = prepare_command(recipe)
    for path in as_list(files):
        if how and not Path(path).expanduser().exists():
            raise InputError(f"{path}: no such file; `{how}` writes it")


def _attempts(folder: Path) -> int:
    """Return how often the run of a folder was started."""
    from ttrl_verl.record.layout import MANIFEST
    from ttrl_verl.record.read import open_run

    return len(open_run(folder).manifest.attempts) if (folder / MANIFEST).exists() else 0


def _say_alarms(folder: Path, before: int) -> None:
    """Print the alarms that fired since, a line each."""
    from ttrl_verl.record.read import open_run

    if _attempts(folder) == before:
        return
    run = open_run(folder)
    attempt = run.manifest.attempts[-1].attempt
    for alarm in run.alarms():
        if alarm["attempt"] == attempt:
            click.echo(f"alarm: step {alarm['step']}: {alarm['alarm']}: {alarm['message']}", err=True)
