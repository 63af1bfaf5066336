"""Every reward of the shelf on the demo's tasks: gains over the control's own, in pairs of the same questions.

    python benchmarks/methods.py --out runs/methods [--tasks continents plurals digits] [--only random]
    python benchmarks/methods.py --out runs/methods --table

Each run is a `ttrl-verl demo` in a folder of its own. A run that is done is not done again, and one that was killed is
begun anew, so a killed command is typed again. After each run a line is appended to OUT/cells.jsonl, and the table is
printed from that file. A run takes 3 to 14 minutes on two cores and 9 to 12 GB, the whole half a day a task. --at-once
shares the cores out among so many runs at a time: two with a core each take 0.8 of the time that they take one after
the other. At most --cells runs are made. benchmarks/methods_tables.py has the tables, and methods.jsonl the runs that
they show.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, local

from methods_tables import CONTROL, runs_table

from ttrl_verl.evaluation.estimators import pass_at_k
from ttrl_verl.evaluation.figures import by_origin, is_labelled, read_figures, read_groups
from ttrl_verl.record.read import open_run

THREE_SEEDS = ("majority_vote", "empirical_entropy", CONTROL)
_VOTING = Lock()
NO_BYPASS = ["algorithm.rollout_correction.bypass_mode=false"]
VIEWS = "ttrl.views=[as_written,'template Think of what you know. {question}']"
TURNED = "ttrl.views=[as_written,'rotate -5']"
DIGITS = "digits"
TASKS = ["continents", "plurals", DIGITS]

# What each takes beside its name. soft_consensus and region_vote read other answers, verified_vote wants a check.
METHODS: dict[str, list[str]] = {
    "majority_vote": [],
    "empirical_entropy": [],
    "random": [],
    "constant": [],
    "oracle": ["ttrl.allow_labels=true"],
    "semantic_entropy": [],
    "soft_pseudo_label": ["algorithm.adv_estimator=reward_as_advantage"],
    "thresholded": [],
    "consistency_band": [],
    "confidence_vote": [],
    "novelty": [],
    "pooled": [],
    "guarded": [],
    "offline": ["ttrl.prior={votes}"],
    "harmonic": [VIEWS],
    "crossed": [VIEWS],
    "certainty": NO_BYPASS,
    "relative_confidence": NO_BYPASS,
    "forking": NO_BYPASS,
    "scrl": NO_BYPASS,
}


def cells(tasks: Sequence[str], only: Sequence[str], seeds: int | None) -> list[tuple[str, str, int]]:
    """Return what is to be run: task, reward and seed, every reward's first seed before any second."""
    names = [name for name in METHODS if not only or name in only]
    wanted = {name: seeds or (3 if name in THREE_SEEDS else 2) for name in names}
    most = max(wanted.values(), default=0)
    return [(task, name, seed) for task in tasks for seed in range(most) for name in names if seed < wanted[name]]


def shared_out(cores: Sequence[int], runs: int) -> list[list[int]]:
    """Return the cores of each of so many runs at a time: an equal share, the rest to the first ones.

    Example:
        >>> shared_out([0, 1, 2, 3, 4], 2)
        [[0, 2, 4], [1, 3]]
    """
    return [list(cores[first::runs]) for first in range(runs)]


def run(out: Path, task: str, reward: str, seed: int, cores: Sequence[int]) -> bool:
    """Run a cell on some of the cores, from its beginning, and return whether it came to its end."""
    folder = out / f"{task}-{reward}-{seed}"
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed before it was measured
    asked = ["--vision"] if task == DIGITS else ["--task", task]
    settings = settings_of(task, reward, lambda: _votes(out, task, cores))
    command = ["demo", *asked, "--reward", reward, "--seed", str(seed), "--out", str(folder), *settings]
    return _ttrl_verl(command, cores) == 0


def settings_of(task: str, reward: str, votes: Callable[[], Path]) -> list[str]:
    """Return what a reward takes beside its name.

    Args:
        task: a picture is seen a second time turned, a text in other words.
        reward: a name.
        votes: makes the untrained model's votes, where they are needed, and returns the file.
    """
    settings = [TURNED if task == DIGITS and setting == VIEWS else setting for setting in METHODS[reward]]
    return [setting.replace("{votes}", str(votes())) if "{votes}" in setting else setting for setting in settings]


def _votes(out: Path, task: str, cores: Sequence[int]) -> Path:
    """Return the untrained model's votes on a task's questions, taken once."""
    from ttrl_verl.demo.tasks import chosen_task

    vision = task == DIGITS
    path = (out / f"{task}.parquet").absolute()
    chosen = chosen_task(None if vision else task, vision=vision, single=False, questions=None, heldout=None)
    with _VOTING:
        if not path.exists():
            command = ["vote", str(chosen.adapted), "--model", str(chosen.model), "--n", "64", "--out", str(path)]
            if _ttrl_verl([*command, "--recipe", chosen.recipe, *chosen.overrides], cores) != 0:
                raise SystemExit(f"{path}: could not be made")
    return path


def _ttrl_verl(arguments: Sequence[str], cores: Sequence[int]) -> int:
    pinned = ["taskset", "-c", ",".join(map(str, cores))]
    return subprocess.run([*pinned, sys.executable, "-m", "ttrl_verl", *arguments], check=False).returncode


def measured(folder: Path) -> dict[str, dict]:
    """Return what a run came to, by data source: figures before and after, and each question's change."""
    opened = open_run(folder)
    passes, kind = opened.validations(), opened.answer_type()
    first, last = passes[0], passes[max(passes)]
    before, after = read_figures(first, kind), read_figures(last, kind)
    old, new = _questions(first), _questions(last)
    found = {}
    for source in before:
        told = {}
        for name, figures, each in (("before", before[source], old[source]), ("after", after[source], new[source])):
            told[name] = {
                "avg": figures.avg.value if figures.avg else None,
                "greedy": figures.greedy.value if figures.greedy else None,
                "maj": figures.maj.value if figures.maj else None,
                "pass": sum(one["pass"] for one in each.values()) / len(each) if each else None,
                "missing": figures.unparsed,
            }
        told["changes"] = {q: new[source][q]["avg"] - old[source][q]["avg"] for q in old[source] if q in new[source]}
        found[source] = told
    return found


def _questions(path: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Return each labelled question's avg@n and pass@n, by data source and by the number of its line."""
    found: dict[str, dict[str, dict[str, float]]] = defaultdict(dict)
    for origin, (source, rows) in by_origin(read_groups(path)).items():
        if is_labelled(rows):
            right = sum(row["acc"] for row in rows)
            passed = pass_at_k(len(rows), int(right), len(rows))
            found[source][origin.rpartition(":")[2]] = {"avg": right / len(rows), "pass": passed}
    return found


def run_all(out: Path, file: Path, left: Sequence[tuple[str, str, int]], shares: Sequence[Sequence[int]]) -> list[dict]:
    """Run cells, as many at a time as there are shares of the cores; append each row to a file, and return them."""
    free: SimpleQueue[Sequence[int]] = SimpleQueue()
    for share in shares:
        free.put(share)
    own, writing, rows = local(), Lock(), []

    def take_share() -> None:
        own.cores = free.get()

    def one(cell: tuple[str, str, int]) -> None:
        task, reward, seed = cell
        print(f"{task}, {reward}, seed {seed}", flush=True)
        ended = run(out, task, reward, seed, own.cores)
        folder = out / f"{task}-{reward}-{seed}"
        if not ended:
            print(f"{task}, {reward}, seed {seed}: did not end; {folder} has its output", file=sys.stderr)
            return
        row = {"task": task, "reward": reward, "seed": seed, "sources": measured(folder)}
        with writing, file.open("a") as opened:
            opened.write(json.dumps(row) + "\n")
            rows.append(row)

    with ThreadPoolExecutor(len(shares), initializer=take_share) as pool:
        list(pool.map(one, left))
    return rows


def main() -> None:
    """Run what is not done yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tasks", nargs="+", default=TASKS[:2], choices=TASKS)
    parser.add_argument("--only", nargs="+", default=[], choices=list(METHODS), metavar="REWARD")
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--at-once", type=int, default=1, help="runs at a time, each with its share of the cores")
    parser.add_argument("--cells", type=int, help="run at most so many, and end")
    parser.add_argument("--table", action="store_true", help="print the table of what is there, and run nothing")
    chosen, cores = parser.parse_args(), sorted(os.sched_getaffinity(0))
    if not 0 < chosen.at_once <= len(cores):
        parser.error(f"--at-once is {chosen.at_once}; expected 1 to {len(cores)}, a core each")
    chosen.out.mkdir(parents=True, exist_ok=True)
    file = chosen.out / "cells.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    done = {(row["task"], row["reward"], row["seed"]) for row in rows}
    left = [] if chosen.table else [cell for cell in cells(chosen.tasks, chosen.only, chosen.seeds) if cell not in done]
    rows += run_all(chosen.out, file, left[: chosen.cells], shared_out(cores, chosen.at_once))
    print("\n".join(runs_table(rows)))


if __name__ == "__main__":
    main()
