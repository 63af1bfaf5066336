"""What the plugin adds to ``import verl``, in pairs: without it, with it, without it, with it.

    python benchmarks/import_time.py [--pairs 5]

Prints the median of each and the median difference. Each import is a new process; the first pair warms the disk cache
and is not counted.
"""

import argparse
import os
import statistics
import subprocess
import sys

CODE = "import time; start = time.perf_counter(); import verl; print(time.perf_counter() - start)"


def seconds(policy: str) -> float:
    """Return how long a new process takes to import verl under a plugin policy."""
    env = os.environ | {"VERL_USE_EXTERNAL_PLUGINS": policy}
    done = subprocess.run([sys.executable, "-c", CODE], env=env, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=5)
    pairs = parser.parse_args().pairs
    measured = [(seconds("none"), seconds("auto")) for _ in range(pairs + 1)][1:]
    without, with_plugin = (statistics.median(times) for times in zip(*measured, strict=True))
    difference = statistics.median(b - a for a, b in measured)
    print(f"import verl without the plugin {without:.2f} s, with it {with_plugin:.2f} s")
    print(f"the plugin adds {difference:+.2f} s (median of {pairs} pairs)")


if __name__ == "__main__":
    main()
