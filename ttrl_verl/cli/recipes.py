"""``ttrl-verl recipes``: what there is to run, what it is made of, and what of it truly ran."""

import json
from collections.abc import Iterable, Sequence

import click

COLUMNS = ("recipe", "task", "model", "method", "gpus", "verified")


@click.command(epilog="Examples: ttrl-verl recipes --parts, ttrl-verl recipes --json")
@click.option("--parts", is_flag=True, help="List the parts instead, such as estimator=ppo, that a recipe can take.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, for scripts.")
def command(parts: bool, as_json: bool) -> None:
    """List the recipes: task, model, method, GPUs, and what was verified where."""
    rows = list(_parts()) if parts else list(_recipes())
    columns = ("part", "what it is") if parts else COLUMNS
    if as_json:
        click.echo(json.dumps([dict(zip(columns, row, strict=True)) for row in rows], indent=2))
    else:
        _print(columns, rows)


def _recipes() -> Iterable[Sequence[str]]:
    from ttrl_verl.composition.catalogue import describe, recipe_names

    for name in recipe_names():
        said = describe(name)
        yield tuple(said[column] for column in COLUMNS)


def _parts() -> Iterable[Sequence[str]]:
    from ttrl_verl.composition.catalogue import part_groups, part_header

    for group, options in part_groups().items():
        for option in options:
            yield f"{group}={option}", part_header(group, option)["title"]


def _print(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*row)
    console = Console()
    if not console.is_terminal:
        console = Console(width=250)  # piped, each recipe is one line whatever its length
    console.print(table)
