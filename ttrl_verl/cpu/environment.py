"""The environment variables that a CPU run needs. Those already set are left alone; child processes inherit them."""

import os

DEFAULTS = {
    # Chosen once, the platform is the same in every process of the run.
    "VERL_PLATFORM": "cpu",
    # verl registers its FSDP engines for cuda and npu alone; they run on a CPU as they stand.
    "VERL_ENGINE_DEVICE": "cuda",
    # vLLM's and verl's torch.compile take a minute to warm up and gain nothing in minutes on a CPU.
    "TORCH_COMPILE_DISABLE": "1",
    # GiB of key-value cache. vLLM's default takes 4, or half the machine.
    "VLLM_CPU_KVCACHE_SPACE": "1",
    # Generation and training take turns on the same cores, so vLLM must not bind threads to them.
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    # Lets vLLM keep the model in the engine's process, as the recipe asks: one process less that imports it. vLLM
    # refuses that otherwise, for it could not bind threads there; nothing is bound here.
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    # Ray runs workers at the lowest priority; beside any other program a run would then take hours.
    "RAY_worker_niceness": "0",
    # Ray gives each worker one thread where this is unset.
    "OMP_NUM_THREADS": str(len(os.sched_getaffinity(0))),
}


def set_defaults() -> None:
    """Set what is not set."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
