"""Whether this process is to run on the CPU."""

import os

from verl.plugin.platform.platform_manager import PlatformRegistry

from ttrl_verl.installed import vllm_build_is_cpu


def cpu_is_chosen() -> bool:
    """Return whether verl is to run on the CPU here.

    ``VERL_PLATFORM`` decides where it is set. Otherwise the CPU is chosen where vLLM's CPU build is installed and none
    of verl's own platforms finds its accelerator. Both are asked: the head node of a GPU cluster may have no GPU, but
    it has the CUDA build of vLLM.
    """
    named = os.environ.get("VERL_PLATFORM", "").strip().lower()
    if named:
        return named == "cpu"
    return vllm_build_is_cpu() and not accelerator_found()


def accelerator_found() -> bool:
    """Return whether any platform that verl knows, other than the CPU, finds its device on this machine."""
    platforms = [PlatformRegistry.get(name) for name in PlatformRegistry.registered_names() if name != "cpu"]
    return any(platform().is_platform_available(use_smi_check=True) for platform in platforms)
