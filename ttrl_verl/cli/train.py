"""``ttrl-verl train``: check a recipe, then run it with verl's own trainer."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ttrl_verl.cli.complete import overrides as complete_overrides
from ttrl_verl.cli.complete import recipes as complete_recipes
from ttrl_verl.composition.overrides import SHORT_NAMES

if TYPE_CHECKING:
    from ttrl_verl.composition.recipe import Composed

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
    from ttrl_verl.composition.recipe import compose_run, in_own_folder
    from ttrl_verl.hooks import untested
    from ttrl_verl.launch import start, verl_command
    from ttrl_verl.preflight.findings import config_findings, findings, refuse

    composed = compose_run(recipe, overrides)
    composed = in_own_folder(composed, _folder(composed))
    if dry_run:
        from omegaconf import OmegaConf

        refuse(config_findings(composed))
        click.echo(f"# {shlex.join(verl_command(composed.file, composed.overrides))}")
        click.echo(OmegaConf.to_yaml(composed.config), nl=False)
        return 0
    refuse(findings(composed, ask_hub=True))
    for sentence in untested():
        click.echo(f"warning: {sentence}", err=True)
    ended = start(composed, typed=["ttrl-verl", "train", recipe, *composed.overrides])
    for alarm in ended.alarms:
        click.echo(f"alarm: {alarm}", err=True)
    return ended.status


def _folder(composed: "Composed") -> str:
    """Return a folder below ``runs/`` with recipe, model, reward and time in its name: no second run's by accident."""
    from datetime import datetime

    config = composed.config
    reward = config.reward.reward_manager.name
    words = [
        composed.file.stem,
        Path(str(config.actor_rollout_ref.model.path)).name,
        reward.rpartition(":")[2] or reward,
    ]
    return str(Path("runs", f"{'-'.join(words)}-{datetime.now():%Y%m%d-%H%M%S}").absolute())
