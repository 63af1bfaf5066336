"""Sums and products in recipes: ``${ttrl_verl.sum:${data.max_prompt_length},${data.max_response_length}}``.

OmegaConf has no arithmetic. verl resolves a configuration in the driver and in its workers: `ttrl_verl.plugin`
registers these wherever verl is imported, and composing registers them here.
"""

import math
from types import ModuleType

RESOLVERS = {"ttrl_verl.sum": lambda *terms: sum(terms), "ttrl_verl.product": lambda *factors: math.prod(factors)}


def register(omegaconf: ModuleType) -> None:
    """Register the resolvers with OmegaConf; a second time changes nothing."""
    for name, resolver in RESOLVERS.items():
        if not omegaconf.OmegaConf.has_resolver(name):
            omegaconf.OmegaConf.register_new_resolver(name, resolver)
