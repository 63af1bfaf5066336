"""What vLLM loads in every one of its processes, through the entry point ``vllm.general_plugins``."""

import os


def register() -> None:
    """Prepare a vLLM process of a CPU run of verl; do nothing in any other."""
    if os.environ.get("VERL_PLATFORM") != "cpu":
        return
    from ttrl_verl.cpu import vllm_threads, vllm_weights

    vllm_weights.register()
    vllm_threads.register()
