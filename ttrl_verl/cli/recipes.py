"""``ttrl-verl recipes``: what there is to run."""

import click

from ttrl_verl.recipe import recipe_file, recipe_names


@click.command(epilog="Example: ttrl-verl recipes")
def command() -> None:
    """List the recipes, with the first line of each."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table("recipe", "what it is", box=box.SIMPLE_HEAD)
    for name in recipe_names():
        table.add_row(name, first_comment(name))
    console = Console()
    # Piped, each recipe is one line whatever its length.
    console.print(table, width=None if console.is_terminal else 200)


def first_comment(name: str) -> str:
    """Return the first line of a recipe's header."""
    return recipe_file(name).read_text().splitlines()[0].lstrip("# ")
