"""Does answer information, which needs no label, foretell the gain that labels measure?

    python benchmarks/information_gain.py [RUN_DIR ...]

Prints a row a run, those of information_gain.json and the folders that are given: the information and the majority
ratio at the questions' first visits and at their last, and the change of accuracy on the adapted and the held-out
questions. Below it Spearman's rank correlation of the gain with the change of either, over all runs and over those of a
task that has FEW or more: a task's answers bound its information, so that changes of two tasks do not compare.
``--keep`` adds the folders' rows to the file.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from ttrl_verl.evaluation.figures import paired_changes
from ttrl_verl.record.read import open_run
from ttrl_verl.report.summary import summarize

RECORDED = Path(__file__).with_suffix(".json")
FEW = 8


def row(folder: Path) -> dict[str, Any]:
    """Return the figures of a run with labels and a validation before and after."""
    run = open_run(folder)
    summary, passes = summarize(run), run.validations()
    changes = paired_changes(passes[0], passes[max(passes)])
    part = {
        adapted: [
            change.value for source, change in changes.items() if (source in summary.validation.adapted) is adapted
        ]
        for adapted in (True, False)
    }
    return {
        "run": summary.title,
        "information": [round(one.nats, 3) for one in summary.verdict.information],
        "agreement": [round(ratio, 3) for ratio in summary.verdict.agreement],
        "gain": round(float(np.mean(part[True])), 3),
        "held_out": round(float(np.mean(part[False])), 3) if part[False] else None,
    }


def spearman(x: list[float], y: list[float]) -> float:
    """Return Spearman's rank correlation: that of the ranks, equal values sharing the mean of theirs.

    Example:
        >>> round(spearman([1, 2, 3, 4], [10, 20, 40, 30]), 3)
        0.8
    """
    ranks = []
    for values in (np.asarray(x, float), np.asarray(y, float)):
        below, equal = ((compare(values[:, None], values)).sum(axis=1) for compare in (np.greater, np.equal))
        ranks.append(below + (equal - 1) / 2)
    return float(np.corrcoef(ranks)[0, 1])


def change(pair: list[float]) -> float:
    """Return the last less the first."""
    return pair[1] - pair[0]


def task_of(one: dict[str, Any]) -> str:
    """Return the questions that a run was about: what its name begins with.

    Example:
        >>> task_of({"run": "digits, majority_vote, 0"})
        'digits'
    """
    return one["run"].partition(",")[0]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    rows = [*json.loads(RECORDED.read_text()), *map(row, arguments.runs)]
    if arguments.keep:
        RECORDED.write_text("[\n" + ",\n".join(f"  {json.dumps(one)}" for one in rows) + "\n]\n")
    tasks = dict.fromkeys(map(task_of, rows))
    rows = [one for task in tasks for one in rows if task_of(one) == task]
    print("| run | information | majority ratio | gain, adapted | held-out |\n| --- | --- | --- | --- | --- |")
    for one in rows:
        old, new = one["information"]
        held = "–" if one["held_out"] is None else f"{one['held_out']:+.3f}"
        ratios = f"{one['agreement'][0]:.2f} → {one['agreement'][1]:.2f}"
        print(f"| {one['run']} | {old:.3f} → {new:.3f} | {ratios} | {one['gain']:+.3f} | {held} |")
    for task in ("all", *tasks):
        chosen = [one for one in rows if task in ("all", task_of(one))]
        if len(chosen) >= FEW:
            gains = [one["gain"] for one in chosen]
            rho = {
                name: spearman([change(one[name]) for one in chosen], gains) for name in ("information", "agreement")
            }
            told = ", ".join(f"with that of {name} {value:.2f}" for name, value in rho.items())
            print(f"Spearman's correlation of the gain, {task} ({len(chosen)} runs): {told}")
