"""The tests of rounding under the instruction sets of other processors: a sum's order, and its last bits, are theirs.

torch, oneDNN and MKL choose their kernels by a variable each. What is fastest here is what `make test` runs anyway.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.verl

TESTS = Path(__file__).parent.parent
SETS = {
    "AVX2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"},
    "DEFAULT": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_CBWR": "COMPATIBLE"},
}
RUN = """
import pytest, sys, torch
print("runs under", torch.backends.cpu.get_cpu_capability())
sys.exit(pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-m", "rounding", *sys.argv[1:]]))
"""


@pytest.mark.parametrize("name", SETS)
def test_rounding_stays_within_its_bounds(name):
    pytest.importorskip("verl", reason="verl is not installed")
    command = [sys.executable, "-c", RUN, str(TESTS / "cpu"), str(TESTS / "patches")]
    done = subprocess.run(command, env=os.environ | SETS[name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert f"runs under {name}" in done.stdout
