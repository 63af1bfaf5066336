"""What the fork server is asked for, and whether a fork of it would be what plain Python would have been."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

READ_AT_IMPORT = re.compile(
    r"(PYTHON|LD_|OMP_|GOMP_|KMP_|MKL_|OPENBLAS_|TORCH|PYTORCH_|VERL_|VLLM_|HF_|TRANSFORMERS_|TQ_|TTRL_)"
    r"|(USE_TORCH|RAY_JOB_ID)$"
)
"""Variables that may be read when a module is imported: equal here and there, or nothing is forked."""

READ_LATER = re.compile(
    r"(VLLM_(WORKER_MULTIPROC_METHOD|DISABLE_SHARED_EXPERTS_STREAM|SSM_CONV_STATE_LAYOUT|HOST_IP|PORT|DP_\w+)"
    r"|VERL_(REPLICA_RANK|RAY_JOB_ID|SEED|CPU_VISIBLE_DEVICES)|TTRL_VERL_(RUN|COMMAND)|PYTHONBREAKPOINT)$"
)
"""Of these, what vLLM, verl and Ray set for the processes that they start, and what is read when it is needed."""

FIRST_JOB = "01000000"
"""What Ray calls the first driver of a new Ray. Ray reads it when it is imported, so only that driver's are forked."""


@dataclass(frozen=True, slots=True)
class Request:
    """A process that is asked for.

    Attributes:
        arguments: what Python would be given: a script or ``-c CODE``, and its own.
        environment: all of it.
        folder: where it runs.
        files: the numbers that its open files are to have, in the order of ``received``.
        received: these files as they are open in the server.
        most_files: how many it may have open, softly and at the most.
    """

    arguments: list[str]
    environment: dict[str, str]
    folder: str
    files: list[int]
    received: list[int]
    most_files: tuple[int, int]


def refusal(request: Request, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Return why plain Python is to run what is asked for; "" where a fork may.

    Args:
        request: what is asked for.
        before: the environment in which the server imported everything.
        after: what that left of it, which is what a child of a forked process has: cv2 sets ``LD_LIBRARY_PATH``.
    """
    kind = request.arguments[0] if request.arguments else ""
    if not (kind.endswith(".py") or (kind == "-c" and len(request.arguments) > 1)):
        return f"neither a script nor -c: {kind or 'no argument'}"
    others = [
        f"{name} is {there}, here {before.get(name)}"
        for name in sorted({*before, *after, *request.environment})
        if READ_AT_IMPORT.match(name) and not READ_LATER.match(name)
        if (there := request.environment.get(name)) not in (before.get(name), after.get(name))
        if not _is_harmless(name, request.environment)
    ]
    return "; ".join(others)


def _is_harmless(name: str, environment: Mapping[str, str]) -> bool:
    """Return whether a variable that vLLM sets for its engine on a CPU says what is so already."""
    if name == "LD_PRELOAD":  # torch's own libgomp
        mapped = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines()}
        libraries = re.split("[: ]", environment.get(name, ""))
        return {os.path.realpath(one) for one in libraries if one} <= mapped
    return name.startswith("TORCHINDUCTOR_") and environment.get("TORCH_COMPILE_DISABLE") == "1"
