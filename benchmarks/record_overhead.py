"""What the record of a run costs: votes written and alarms looked at, step after step, without verl.

    python benchmarks/record_overhead.py [--steps 500] [--sizes 8x64 1024x64]

Prints, for each size (prompts x votes), milliseconds a step (median, the slowest of 20, and of CPU time), bytes a vote
on disk, and how much the process grew between the 50th step and the last.
"""

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path

import psutil

from ttrl_verl.config import parse_ttrl_config
from ttrl_verl.record.write import RunWriter
from ttrl_verl.reward_fns.vote import answer_entropy, count_answers, take_vote

WARM_UP = 50
QUESTIONS = 4096
TTRL = {"votes": 64, "answer_type": "math"}
CONFIG = {
    "ttrl": TTRL,
    "trainer": {"resume_mode": "auto"},
    "data": {"train_files": None, "val_files": None},
}


def main() -> None:
    """Write runs of each size into a folder that goes afterwards."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--sizes", nargs="+", default=["8x64", "1024x64"])
    arguments = parser.parse_args()
    for size in arguments.sizes:
        prompts, votes = (int(number) for number in size.split("x"))
        with tempfile.TemporaryDirectory() as name:
            print(f"{size:>8}  {_measure(Path(name), prompts, votes, arguments.steps)}", flush=True)


def _measure(folder: Path, prompts: int, votes: int, steps: int) -> str:
    writer = RunWriter(folder, CONFIG, parse_ttrl_config(TTRL))
    process = psutil.Process()
    rng = random.Random(0)
    seconds, cpu, start = [], 0.0, 0
    for step in range(1, steps + 1):
        rows = [_row(rng, step, (step * prompts + n) % QUESTIONS, votes) for n in range(prompts)]
        labels = [{"label": str(row["index"]), "label_correct": True} for row in rows]
        started, cpu_started = time.perf_counter(), time.process_time()
        writer.record(step, rows, labels)
        seconds.append(time.perf_counter() - started)
        cpu += time.process_time() - cpu_started
        if step == WARM_UP:
            start = process.memory_info().rss
    grown = (process.memory_info().rss - start) / 2**20
    written = sum(file.stat().st_size for file in (folder / "audit").iterdir())
    writer.close()
    median, slow = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
    return (
        f"{1000 * median:7.1f} ms a step (95 % below {1000 * slow:.1f}; {1000 * cpu / steps:.1f} of CPU)   "
        f"{written / (steps * prompts * votes):.2f} bytes a vote   {grown:+.1f} MiB from step {WARM_UP} to {steps}"
    )


def _row(rng: random.Random, step: int, index: int, votes: int) -> dict:
    """A group as mathematics gives one: half agree, the others scatter, some have no answer."""
    scattered = [None, *(f"\\frac{{{rng.randrange(99)}}}{{{rng.randrange(1, 99)}}}" for _ in range(8))]
    answers = [str(index) if rng.random() < 0.5 else rng.choice(scattered) for _ in range(votes)]
    vote = take_vote(answers)
    return {
        "step": step,
        "index": index,
        "uid": f"{rng.getrandbits(128):032x}",
        "data_source": "math",
        "origin": f"/data/questions.jsonl:{index + 1}",
        "question": f"Question {index}: " + "find all integers n such that n divides the sum of its digits. " * 4,
        "answers": answers,
        "rewards": [float(answer is not None and answer == vote.label) for answer in answers],
        "lengths": [rng.randrange(100, 3000) for _ in range(votes)],
        "kept": votes // 2,
        "missing": 0,
        "pseudo_label": vote.label,
        "majority_ratio": vote.majority_ratio,
        "answer_entropy": answer_entropy(answers),
        "distinct_answers": len(count_answers(answers)),
        "unparsed": answers.count(None),
        "truncated": 0,
        "limited": 0,
    }


if __name__ == "__main__":
    main()
