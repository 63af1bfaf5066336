"""A group of commands, each a module that is imported when it is called, so that none pays for another."""

from collections.abc import Callable, Mapping

import click


def lazy_group(commands: Mapping[str, str], load: Callable[[str], click.Command]) -> type[click.Group]:
    """Return the class of a group whose commands are loaded when they are called.

    Args:
        commands: each command, in the order of `--help`, and the line that it prints for it.
        load: imports one of them.
    """

    class LazyGroup(click.Group):
        def list_commands(self, ctx: click.Context) -> list[str]:
            return list(commands)

        def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
            return load(name) if name in commands else None

        def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
            with formatter.section("Commands"):
                formatter.write_dl(list(commands.items()))

    return LazyGroup
