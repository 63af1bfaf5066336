"""``ttrl-verl show``: a recipe as verl would compose it."""

import click
from omegaconf import OmegaConf


@click.command(epilog="Example: ttrl-verl show demo_cpu --section ttrl")
@click.argument("recipe")
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--section", help="Print this part alone, such as ttrl or actor_rollout_ref.rollout.")
def command(recipe: str, overrides: tuple[str, ...], section: str | None) -> None:
    """Print RECIPE composed, with its overrides, as YAML."""
    from ttrl_verl.errors import InputError
    from ttrl_verl.recipe import compose_recipe

    config = compose_recipe(recipe, overrides)
    part = OmegaConf.select(config, section) if section else config
    if part is None:
        raise InputError(f"{recipe}: has no section {section}")
    click.echo(OmegaConf.to_yaml(part) if OmegaConf.is_config(part) else part, nl=False)
