"""What verl loads in every process, through the entry point ``verl.plugins``: side effects, and nothing else.

``import verl`` runs this in the driver, in each Ray worker and in each vLLM process, so it stays cheap: what needs a
heavy module of verl waits for that module to be imported. ``ttrl-verl check`` shows what it did.

verl comes into this package through these doors. Here, at ``import verl``:

==================================  ====================================================================================
verl's registry or module           what is put there
==================================  ====================================================================================
``PlatformRegistry``                the platform ``cpu``, chosen where vLLM's CPU build is installed: ``cpu``
reward managers                     ``training.reward_manager``, under the name of each reward
agent loops                         ``training.greedy_agent_loop``, for validation rows that ask for it;
                                    ``training.viewed_agent_loop``, for training rows where there are ``ttrl.views``
advantage estimators                ``training.advantages``: ``reward_as_advantage``
``PPOTrainer._compute_advantage``   ``training.weights``: what a prompt or a token weighs; on the tested version alone
verl's driver, at ``ray.init``      ``cluster``: nodes that are gone, a folder that not all see
``PPOTrainer.fit``                  ``cluster.parts``: a process of the run that is gone; on the tested version alone
modules with a fault                ``patches`` and, on the CPU, ``cpu``: on the tested versions alone (``hooks``)
==================================  ====================================================================================

And from the recipes, by name (``recipes/base/ttrl.yaml``):

==================================  ====================================================================================
key                                 what it names
==================================  ====================================================================================
``data.custom_cls``                 ``training.dataset.UnlabeledDataset``
``…sampler.custom_sampler``         ``training.group_stage.build_group_stage``
==================================  ====================================================================================

vLLM loads ``cpu.vllm_process`` through its own entry point, ``vllm.general_plugins``.
"""

import logging

from ttrl_verl.hooks import import_when_imported, when_imported


def register() -> None:
    """Register the CPU platform now; the rest when verl's registries, or what is patched of verl, appear."""
    from ttrl_verl import cpu
    from ttrl_verl.cluster import driver, parts
    from ttrl_verl.composition import hydra_hook, resolvers
    from ttrl_verl.patches import (
        added_processors,
        asked_prompt,
        freeze_vision,
        glm4v_flops,
        mrope,
        pixels,
        separate_start,
        step_in_parts,
        text_batch,
        tower_on_text,
        visible_warnings,
        weight_socket,
    )
    from ttrl_verl.training import advantages, weights

    cpu.register()
    driver.register()
    parts.register()
    hydra_hook.register()
    when_imported("omegaconf", resolvers.register)  # sums in recipes, wherever verl resolves one
    mrope.register()
    text_batch.register()
    freeze_vision.register()
    glm4v_flops.register()
    added_processors.register()
    asked_prompt.register()
    pixels.register()
    tower_on_text.register()
    visible_warnings.register()
    separate_start.register()
    step_in_parts.register()
    weight_socket.register()
    weights.register()
    when_imported("verl.trainer.ppo.core_algos", advantages.register)
    # so that reward.reward_manager.name may be the name of any of REWARD_FNS
    import_when_imported("verl.experimental.reward_loop.reward_manager.registry", "ttrl_verl.training.reward_manager")
    # so that a validation row may ask for a greedy answer
    import_when_imported("verl.experimental.agent_loop.agent_loop", "ttrl_verl.training.greedy_agent_loop")
    # and a training row for its responses in several views
    import_when_imported("verl.experimental.agent_loop.agent_loop", "ttrl_verl.training.viewed_agent_loop")


try:
    register()
except Exception:
    # verl logs a plugin's import error at DEBUG and goes on without it; its user would meet "Unknown reward manager".
    logging.getLogger(__name__).exception("ttrl-verl failed to register with verl; run `ttrl-verl check`")
    raise
