"""What the shell offers after Tab: recipes, short names, groups and their options, and verl's keys."""

import click
from click.shell_completion import CompletionItem

from ttrl_verl.errors import InputError


def recipes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the recipes that begin so, by their whole names or by what follows ``ttrl_``; YAML files besides."""
    from ttrl_verl.composition.catalogue import header, recipe_file, recipe_names

    names = recipe_names()
    short = [name for name in (name.partition("_")[2] for name in names) if name]
    found = [name for name in [*names, *short] if name.startswith(incomplete)]
    if not found:
        return [CompletionItem(incomplete, type="file")]
    items = []
    for name in dict.fromkeys(found):
        try:
            items.append(CompletionItem(name, help=header(recipe_file(name))["title"]))
        except InputError:
            continue  # an ending that several recipes share
    return items


def overrides(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the keys that begin so, or the options of a group behind its ``=``."""
    from ttrl_verl.composition.catalogue import part_groups
    from ttrl_verl.composition.overrides import SHORT_NAMES, known_keys

    groups = part_groups()
    key, equals, value = incomplete.partition("=")
    before = ctx.params.get(param.name or "") or ()
    if not equals and len(before) > 1 and before[-1] == "=":
        # bash takes = for the end of a word: `estimator=pp` arrives as three.
        key, equals, value = before[-2], "=", incomplete
        return [CompletionItem(option) for option in groups.get(key, []) if option.startswith(value)]
    if equals:
        return [CompletionItem(f"{key}={option}") for option in groups.get(key, []) if option.startswith(value)]
    try:
        keys = [*SHORT_NAMES, *groups, *known_keys()]
    except InputError:
        keys = [*SHORT_NAMES, *groups]
    return [CompletionItem(f"{name}=") for name in dict.fromkeys(keys) if name.startswith(incomplete)]
