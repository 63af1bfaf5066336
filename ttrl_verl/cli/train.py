"""``ttrl-verl train``: check a recipe, then run it with verl's own trainer."""

import shlex

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
    from ttrl_verl.recipe import compose_recipe

    config = compose_recipe(recipe, overrides)
    line = train_command(recipe, overrides)
    if dry_run:
        click.echo(f"# {shlex.join(line)}")
        click.echo(OmegaConf.to_yaml(config), nl=False)
        return 0
    check_data(config, check_config(config))
    return run(line)
