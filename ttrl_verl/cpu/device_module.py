"""``torch.cpu`` with the functions that verl asks of ``torch.cuda``."""

from types import ModuleType

import psutil
import torch

_module: ModuleType | None = None


def device_module() -> ModuleType:
    """Return a module that offers ``torch.cpu`` and, as a CPU would answer them, the questions about a device.

    Memory counters are 0 and emptying a cache does nothing: the CPU has no allocator of its own.
    """
    global _module
    if _module is None:
        _module = ModuleType("ttrl_verl.cpu.torch_cpu")
        vars(_module).update({name: value for name, value in vars(torch.cpu).items() if not name.startswith("__")})
        vars(_module).update(_EXTRA)
    return _module


def _nothing(*args: object, **kwargs: object) -> None:
    """Do nothing: there is no cache and no second device."""


def _zero(*args: object, **kwargs: object) -> int:
    return 0


def _mem_get_info(device: object = None) -> tuple[int, int]:
    """Return the free and the whole memory of the machine, in bytes."""
    memory = psutil.virtual_memory()
    return memory.available, memory.total


_EXTRA = {
    "memory_allocated": _zero,
    "max_memory_allocated": _zero,
    "memory_reserved": _zero,
    "max_memory_reserved": _zero,
    "reset_peak_memory_stats": _nothing,
    "mem_get_info": _mem_get_info,
    "empty_cache": _nothing,
    "ipc_collect": _nothing,
    "manual_seed": torch.manual_seed,
    "manual_seed_all": torch.manual_seed,
    "get_rng_state": lambda device=None: torch.get_rng_state(),
    "set_rng_state": lambda state, device=None: torch.set_rng_state(state),
    # verl's FLOPs counter looks the name up in a table of GPUs and goes without where it is not there.
    "get_device_name": lambda device=None: "cpu",
}
