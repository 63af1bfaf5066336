"""Sums and products in recipes: ``${ttrl_verl.sum:${data.max_prompt_length},${data.max_response_length}}``.

OmegaConf has no arithmetic. verl resolves a configuration in the driver and in its workers: `ttrl_verl.plugin`
registers these wherever verl is imported, and composing registers them here.
"""

import math
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any


def _of_numbers(compute: Callable[[Sequence[Any]], Any]) -> Callable[..., Any]:
    """Return a resolver; what is no number is handed on, for the check of kinds, which names the key that holds it."""

    def resolver(*terms: Any) -> Any:
        others = [term for term in terms if not isinstance(term, int | float)]
        return others[0] if others else compute(terms)

    return resolver


RESOLVERS = {"ttrl_verl.sum": _of_numbers(sum), "ttrl_verl.product": _of_numbers(math.prod)}


def register(omegaconf: ModuleType) -> None:
    """Register the resolvers with OmegaConf; a second time changes nothing."""
    for name, resolver in RESOLVERS.items():
        if not omegaconf.OmegaConf.has_resolver(name):
            omegaconf.OmegaConf.register_new_resolver(name, resolver)
