"""``ttrl-verl show``: a recipe as verl would compose it."""

import click

from ttrl_verl.cli.complete import overrides as complete_overrides
from ttrl_verl.cli.complete import recipes as complete_recipes


@click.command(epilog="Example: ttrl-verl show demo_cpu --section ttrl")
@click.argument("recipe", shell_complete=complete_recipes)
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...", shell_complete=complete_overrides)
@click.option("--section", help="Print this part alone, such as ttrl or actor_rollout_ref.rollout.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with interpolations resolved.")
def command(recipe: str, overrides: tuple[str, ...], section: str | None, as_json: bool) -> None:
    """Print RECIPE composed, with its overrides, as YAML."""
    from ttrl_verl.errors import InputError
    from ttrl_verl.overrides import translate

    overrides = translate(recipe, overrides)  # a slip is told before Hydra is imported
    import json

    from omegaconf import OmegaConf

    from ttrl_verl.recipe import compose_recipe, plain

    config = compose_recipe(recipe, overrides)
    part = OmegaConf.select(config, section) if section else config
    if part is None:
        raise InputError(f"{recipe}: has no section {section}")
    if as_json:
        click.echo(json.dumps(plain(part) if OmegaConf.is_config(part) else part, indent=2))
    else:
        click.echo(OmegaConf.to_yaml(part) if OmegaConf.is_config(part) else part, nl=False)
