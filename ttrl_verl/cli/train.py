"""``ttrl-verl train``: check a recipe, then run it with verl's own trainer."""

import shlex
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from ttrl_verl.cli.complete import overrides as complete_overrides
from ttrl_verl.cli.complete import recipes as complete_recipes
from ttrl_verl.composition.overrides import SHORT_NAMES
from ttrl_verl.printable import one_line

if TYPE_CHECKING:
    from ttrl_verl.composition.recipe import Composed
    from ttrl_verl.launch import Ended

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
@click.option("--plain", is_flag=True, help="Show verl's own output on a terminal, too, in place of the progress.")
def command(recipe: str, overrides: tuple[str, ...], dry_run: bool, plain: bool) -> int:
    """Run RECIPE, a name from `ttrl-verl recipes` or a YAML file, with `python -m verl.trainer.main_ppo`.

    Everything that can be checked without a GPU is checked first. A terminal then shows each step's votes and the time
    that is left, and verl's own output is in the run's folder, in train.log; in a pipe it is verl's own output.
    """
    from ttrl_verl.composition.located import as_started
    from ttrl_verl.composition.recipe import compose_run
    from ttrl_verl.hooks import untested
    from ttrl_verl.launch import start, verl_command
    from ttrl_verl.preflight.findings import config_findings, findings, refuse

    composed = as_started(compose_run(recipe, overrides))
    if dry_run:
        from omegaconf import OmegaConf

        refuse(config_findings(composed))
        click.echo(f"# {shlex.join(verl_command(composed.file, composed.overrides))}")
        click.echo(OmegaConf.to_yaml(composed.config), nl=False)
        return 0
    from ttrl_verl.record.folder import run_folder
    from ttrl_verl.report.keep_best import BestKept

    warned = refuse(findings(composed, ask_hub=True), tell=lambda said: click.echo(one_line(said), err=True))
    for sentence in [*(finding.said for finding in warned), *untested()]:
        click.echo(one_line(f"warning: {sentence}"), err=True)
    typed = ["ttrl-verl", "train", recipe, *composed.overrides]
    keep = BestKept(run_folder(composed.values))
    if plain or not sys.stdout.isatty():
        ended = start(composed, typed=typed, watch=keep)
    else:
        ended = _shown(composed, typed, keep)
    for alarm in ended.alarms:
        click.echo(f"alarm: {alarm}", err=True)
    return ended.status


def _shown(composed: "Composed", typed: list[str], keep: Callable[[], None]) -> "Ended":
    """Run it with its progress on the terminal and verl's own output in a file; ``keep`` is called as it goes on."""
    from rich.console import Console

    from ttrl_verl.launch import start_logged
    from ttrl_verl.preflight.batches import run_numbers, total_steps
    from ttrl_verl.preflight.data import QuestionFiles
    from ttrl_verl.record.folder import run_folder
    from ttrl_verl.report.progress import Progress

    console = Console()
    folder = run_folder(composed.values)
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "train.log"
    numbers = run_numbers(composed.values)
    questions = 0 if numbers.steps is not None else QuestionFiles(composed).questions or 0
    console.print(f"training with verl and vLLM; their own output goes to {log}", highlight=False, soft_wrap=True)
    with Progress(console, folder, log, total_steps(questions, numbers)) as progress:

        def watch() -> None:
            progress.update()
            keep()

        ended = start_logged(composed, log, console, typed=typed, watch=watch)
        progress.update()
    console.print(f"how it went: ttrl-verl report {folder}", highlight=False, soft_wrap=True, markup=False)
    return ended
