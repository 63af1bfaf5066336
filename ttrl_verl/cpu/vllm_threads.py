"""Leave a core to the rest of the run while vLLM generates.

Each response passes through the agent loop, vLLM's server, the reward worker and the queue, each a process of its own.
Where vLLM's OpenMP threads spin on every core, requests come in one by one, and it decodes tiny batches.
"""

import os


def register() -> None:
    """Give torch one thread less than there are cores, in this process."""
    import torch

    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) - 1))
