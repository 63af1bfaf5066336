"""Settings that do nothing, or harm: verl takes each without a word."""

from collections.abc import Iterator

from ttrl_verl.composition.recipe import Composed
from ttrl_verl.preflight import Finding


def check_settings(composed: Composed) -> Iterator[Finding]:
    """Yield the settings that this run would not obey, or that would spoil it."""
    yield from ()
