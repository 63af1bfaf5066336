"""``ttrl-verl show``: a recipe as verl would compose it, and its first prompt as the model sees it."""

import click
from omegaconf import DictConfig, OmegaConf


@click.command(
    epilog="Example: ttrl-verl show demo_cpu --section ttrl, and: ttrl-verl show ttrl --prompt "
    "actor_rollout_ref.model.path=MODEL data.train_files=[MINE.jsonl]"
)
@click.argument("recipe")
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--section", help="Print this part alone, such as ttrl or actor_rollout_ref.rollout.")
@click.option(
    "--prompt", is_flag=True, help="Print the first training prompt, through the model's own chat template, instead."
)
def command(recipe: str, overrides: tuple[str, ...], section: str | None, prompt: bool) -> None:
    """Print RECIPE composed, with its overrides, as YAML; or its first prompt as the model sees it."""
    from ttrl_verl.errors import InputError
    from ttrl_verl.recipe import compose_recipe

    if prompt and section:
        raise click.UsageError("--prompt and --section are two things to print; give one")
    config = compose_recipe(recipe, overrides)
    if prompt:
        _print_prompt(config)
        return
    part = OmegaConf.select(config, section) if section else config
    if part is None:
        raise InputError(f"{recipe}: has no section {section}")
    click.echo(OmegaConf.to_yaml(part) if OmegaConf.is_config(part) else part, nl=False)


def _print_prompt(config: DictConfig) -> None:
    from ttrl_verl.first_prompt import first_prompt
    from ttrl_verl.preflight import check_config

    shown = first_prompt(config, check_config(config))
    click.echo(shown.text)
    images = f", with {shown.images} image{'s' if shown.images > 1 else ''}" if shown.images else ""
    click.echo(f"({shown.origin}{images})", err=True)
    if shown.too_long:
        click.echo(f"does not fit: {shown.too_long}", err=True)
