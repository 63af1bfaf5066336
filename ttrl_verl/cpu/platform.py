"""verl's platform interface for the CPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import torch
from verl.plugin.platform.platform_base import PlatformBase
from verl.plugin.platform.platform_manager import PlatformRegistry

from ttrl_verl.cpu import detect
from ttrl_verl.cpu.device_module import device_module


class PlatformCPU(PlatformBase):
    """One device, the CPU: collective communication by gloo, no IPC, no profiler."""

    device_name = "cpu"
    vendor_name = "cpu"

    @property
    def device_module(self) -> ModuleType:
        """``torch.cpu`` and what verl asks of it beyond."""
        return device_module()

    def is_available(self) -> bool:
        """Every machine has one."""
        return True

    def is_platform_available(self, use_smi_check: bool = False) -> bool:
        """Whether verl's detection is to choose it: never where there is an accelerator."""
        return detect.cpu_is_chosen()

    def current_device(self) -> str:
        """Return "cpu": verl passes it to ``Tensor.to``, and the index that other platforms return is a CUDA device."""
        return "cpu"

    def device_count(self) -> int:
        """Return 1."""
        return 1

    def set_device(self, device_index: int) -> None:
        """Do nothing: there is one."""

    def synchronize(self, device_index: int | None = None) -> None:
        """Do nothing: the CPU computes in order."""

    def manual_seed(self, seed: int) -> None:
        """Seed torch."""
        torch.manual_seed(seed)

    def manual_seed_all(self, seed: int) -> None:
        """Seed torch."""
        torch.manual_seed(seed)

    def set_allocator_settings(self, settings: str) -> None:
        """Do nothing: the settings are CUDA's."""

    def empty_cache(self) -> None:
        """Do nothing."""

    def get_device_capability(self, device_index: int = 0) -> tuple[int | None, int | None]:
        """Return ``(None, None)``: compute capability is CUDA's."""
        return None, None

    def communication_backend_name(self) -> str:
        """Return gloo."""
        return "gloo"

    def visible_devices_envvar(self) -> str:
        """Return a name that nothing else reads: there is nothing to hide."""
        return "VERL_CPU_VISIBLE_DEVICES"

    @contextmanager
    def nvtx_range(self, msg: str) -> Iterator[None]:
        """Yield: there is no NVTX."""
        yield

    def profiler_start(self) -> None:
        """Do nothing."""

    def profiler_stop(self) -> None:
        """Do nothing."""

    def ray_resource_name(self) -> str:
        """Return GPU: Ray gives ids for names that it knows alone. The recipe declares how many there are."""
        return "GPU"

    def ray_noset_envvars(self) -> list[str]:
        """Return none."""
        return []

    def is_ipc_supported(self) -> bool:
        """Return False: weights go to vLLM through shared memory."""
        return False

    def cudart(self) -> None:
        """Return None: there is no CUDA runtime."""
        return


def register() -> None:
    """Register the platform as ``cpu``, after verl's own, so that its detection asks for accelerators first."""
    PlatformRegistry.register(platform="cpu")(PlatformCPU)
