"""``ttrl-verl show``: a recipe as verl would compose it, and its first prompt as the model sees it."""

from typing import TYPE_CHECKING

import click

from ttrl_verl.cli.complete import overrides as complete_overrides
from ttrl_verl.cli.complete import recipes as complete_recipes

if TYPE_CHECKING:
    from omegaconf import DictConfig


@click.command(
    epilog="Example: ttrl-verl show demo_cpu --section ttrl, and: ttrl-verl show ttrl --prompt model=M data=q.jsonl"
)
@click.argument("recipe", shell_complete=complete_recipes)
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...", shell_complete=complete_overrides)
@click.option("--section", help="Print this part alone, such as ttrl or actor_rollout_ref.rollout.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with interpolations resolved.")
@click.option(
    "--prompt", is_flag=True, help="Print the first training prompt, through the model's own chat template, instead."
)
def command(recipe: str, overrides: tuple[str, ...], section: str | None, as_json: bool, prompt: bool) -> None:
    """Print RECIPE composed, with its overrides, as YAML; or its first prompt as the model sees it."""
    from ttrl_verl.composition.overrides import translate
    from ttrl_verl.errors import InputError

    overrides = translate(recipe, overrides)  # a slip is told before Hydra is imported
    import json

    from omegaconf import OmegaConf

    from ttrl_verl.composition.recipe import compose_recipe, plain

    if prompt and section:
        raise click.UsageError("--prompt and --section are two things to print; give one")
    config = compose_recipe(recipe, overrides)
    if prompt:
        _print_prompt(config)
        return
    _say_own(config)
    part = OmegaConf.select(config, section) if section else config
    if part is None:
        raise InputError(f"{recipe}: has no section {section}")
    if as_json:
        click.echo(json.dumps(plain(part) if OmegaConf.is_config(part) else part, indent=2))
    else:
        click.echo(OmegaConf.to_yaml(part) if OmegaConf.is_config(part) else part, nl=False)


def _say_own(config: "DictConfig") -> None:
    """Say on standard error where a reward, an answer type or a check of a user's own came from."""
    from ttrl_verl.composition.recipe import plain
    from ttrl_verl.config import parse_ttrl_config
    from ttrl_verl.preflight.own_functions import own_functions

    if "ttrl" not in config:
        return
    ttrl = parse_ttrl_config(plain(config.ttrl))
    for own in own_functions(ttrl, config.reward.reward_manager.name):
        click.echo(f"{own.what}: {own.said}", err=True)


def _print_prompt(config: "DictConfig") -> None:
    from ttrl_verl.preflight.first_prompt import first_prompt
    from ttrl_verl.preflight.settings import check_config

    shown = first_prompt(config, check_config(config))
    click.echo(shown.text)
    images = f", with {shown.images} image{'s' if shown.images > 1 else ''}" if shown.images else ""
    click.echo(f"({shown.origin}{images})", err=True)
    if shown.too_long:
        click.echo(f"does not fit: {shown.too_long}", err=True)
