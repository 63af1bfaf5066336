"""How the time to read a text grows with it, whatever else the machine does."""

import time
from collections.abc import Callable

SIZE = 10_000
# Up to 5 us a character, a fifth of what the slowest needs here: no more is asked of what is that quick.
QUICK = 0.1


def is_linear(read: Callable[[str], object], bait: str, before: str = "", behind: str = "") -> bool:
    """Say whether twice a bait takes at most three times as long: 2 is linear, 4 is its square."""
    single, double = (before + bait * (size // len(bait)) + behind for size in (SIZE, 2 * SIZE))
    if _seconds(read, double) < QUICK:
        return True
    return min(_seconds(read, double) for _ in range(3)) < 3 * min(_seconds(read, single) for _ in range(3))


def _seconds(read: Callable[[str], object], text: str) -> float:
    start = time.process_time()
    read(text)
    return time.process_time() - start
