"""``ttrl-verl show``: a recipe as verl would compose it, and its first prompt as the model sees it."""

from typing import TYPE_CHECKING

import click

from ttrl_verl.cli.complete import overrides as complete_overrides
from ttrl_verl.cli.complete import recipes as complete_recipes
from ttrl_verl.printable import on_page, one_line

if TYPE_CHECKING:
    from ttrl_verl.composition.recipe import Composed


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
    import json

    from ttrl_verl.composition.recipe import compose_run, plain
    from ttrl_verl.errors import InputError

    if prompt and section:
        raise click.UsageError("--prompt and --section are two things to print; give one")
    composed = compose_run(recipe, overrides)
    from omegaconf import OmegaConf

    if prompt:
        _print_prompt(composed)
        return
    _say_own(composed)
    config = composed.config
    part = OmegaConf.select(config, section) if section else config
    if part is None:
        raise InputError(f"{recipe}: has no section {section}")
    if as_json:
        click.echo(json.dumps(plain(part) if OmegaConf.is_config(part) else part, indent=2))
    else:
        click.echo(OmegaConf.to_yaml(part) if OmegaConf.is_config(part) else part, nl=False)


def _say_own(composed: "Composed") -> None:
    """Say on standard error where a reward, an answer type or a check of a user's own came from."""
    from ttrl_verl.preflight.own_functions import own_functions

    if "ttrl" not in composed.config:
        return
    for own in own_functions(composed.ttrl, composed.config.reward.reward_manager.name):
        click.echo(f"{own.what}: {own.said}", err=True)


def _print_prompt(composed: "Composed") -> None:
    from ttrl_verl.preflight.findings import check_config
    from ttrl_verl.preflight.first_prompt import first_prompt

    check_config(composed)
    shown = first_prompt(composed)
    click.echo(on_page(shown.text, len(shown.text)))
    images = f", with {shown.images} image{'s' if shown.images > 1 else ''}" if shown.images else ""
    cost = f": {shown.cost.most} tokens of {shown.cost.longest}" if shown.cost else ""
    click.echo(one_line(f"({shown.origin}{images}{cost})"), err=True)
    if shown.too_long:
        click.echo(one_line(f"does not fit: {shown.too_long}"), err=True)
