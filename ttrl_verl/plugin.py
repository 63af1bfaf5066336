"""What verl loads in every process, through the entry point ``verl.plugins``: side effects, and nothing else.

``import verl`` runs this in the driver, in each Ray worker and in each vLLM process, so it stays cheap: what needs a
heavy module of verl waits for that module to be imported. ``ttrl-verl check`` shows what it did.
"""

import importlib
import logging
from functools import partial
from types import ModuleType

import wrapt

_REGISTERED_WITH = {
    # so that reward.reward_manager.name may be the name of any of REWARD_FNS
    "verl.experimental.reward_loop.reward_manager.registry": "ttrl_verl.training.reward_manager",
    # so that a validation row may ask for a greedy answer
    "verl.experimental.agent_loop.agent_loop": "ttrl_verl.training.greedy_agent_loop",
}


def register() -> None:
    """Register the CPU platform now; the rest when verl's registries, or what is patched of verl, appear."""
    from ttrl_verl import cpu
    from ttrl_verl.composition import hydra_hook
    from ttrl_verl.patches import freeze_vision, mrope, text_batch, visible_warnings
    from ttrl_verl.training import advantages

    cpu.register()
    hydra_hook.register()
    mrope.register()
    text_batch.register()
    freeze_vision.register()
    visible_warnings.register()
    wrapt.register_post_import_hook(advantages.register, "verl.trainer.ppo.core_algos")
    for registry, ours in _REGISTERED_WITH.items():
        wrapt.register_post_import_hook(partial(_import, ours), registry)


def _import(name: str, registry: ModuleType) -> None:
    """Import a module of ours, which registers itself. It may be the one whose import brought the registry in."""
    importlib.import_module(name)


try:
    register()
except Exception:
    # verl logs a plugin's import error at DEBUG and goes on without it; its user would meet "Unknown reward manager".
    logging.getLogger(__name__).exception("ttrl-verl failed to register with verl; run `ttrl-verl check`")
    raise
