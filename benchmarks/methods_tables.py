"""What the runs of benchmarks/methods.py came to, as Markdown: a table a task and how far seeds lie apart, or each run.

    python benchmarks/methods_tables.py [--runs] [FILE]

FILE is a ``cells.jsonl`` of ``methods.py --out``; without it, those kept beside this script. ``docs/methods.md`` and
``benchmarks/methods.md`` hold what this prints, and a test holds them to it.
"""

import argparse
import json
import random
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from ttrl_verl.evaluation.figures import Mean

KEPT = Path(__file__).with_name("methods.jsonl")
CONTROL = "random"
CONTROLS = (CONTROL, "constant", "oracle")
ALONE = "certainty"
"""The reward that looks at each response alone, not at agreement."""
VIEWED = ("harmonic", "crossed")
"""The rewards whose questions are asked in a second view."""
PARTS = ADAPTED, HELD_OUT = "adapted", "held-out"

Row = Mapping[str, Any]


def gain_over_control(changes: Mapping[str, float], controls: Sequence[Mapping[str, float]]) -> Mean | None:
    """Return a run's gain less the controls' mean gain, question by question, with its standard error over questions.

    Args:
        changes: by question.
        controls: those of the control's runs.

    Returns:
        ``None`` where there is no control, or no question that all were asked.

    Example:
        >>> gain_over_control({"a": 0.5, "b": 0.3}, [{"a": 0.1, "b": 0.1}, {"a": -0.1, "b": 0.1}])
        Mean(value=0.35, error=0.15)
    """
    if not controls:
        return None
    own = [
        changes[question] - sum(control[question] for control in controls) / len(controls)
        for question in changes
        if all(question in control for control in controls)
    ]
    return Mean.of([round(one, 12) for one in own]) if own else None


def over_seeds(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return each question's mean change over runs that asked the same questions.

    Example:
        >>> over_seeds([{"a": 0.5, "b": 0.0}, {"a": 0.25, "b": 0.5}])
        {'a': 0.375, 'b': 0.25}
    """
    return {question: sum(run[question] for run in runs) / len(runs) for question in runs[0]}


def task_tables(rows: Sequence[Row]) -> list[str]:
    """Return a table a task: a row a reward, by its gain on held-out questions, and what that did to the rest."""
    lines = []
    for task in dict.fromkeys(row["task"] for row in rows):
        of_task = [row for row in rows if row["task"] == task]
        samples = "8" if task == "digits" else "16"
        lines += [
            f"{task.capitalize()} (avg@{samples}):",
            "",
            "| reward | seeds | gain, adapted | gain, held out | over the control, adapted | over it, held out | "
            f"maj@{samples}, held out | gain, held out, seed by seed |",
            "| --- " * 8 + "|",
        ]
        rewards = {name: _by_part([row for row in of_task if row["reward"] == name]) for name in _names(of_task)}
        control = rewards.get(CONTROL, {})
        for name, parts in sorted(rewards.items(), key=lambda item: -_gain(item[1][HELD_OUT]).value):
            gains = [_signed(_gain(parts[part])) for part in PARTS]
            over = [
                "-" if name == CONTROL else _signed(gain_over_control(*_paired(parts[part], control.get(part, []))))
                for part in PARTS
            ]
            seeds = ", ".join(_signed(Mean(_gain([told]).value, None)) for told in parts[HELD_OUT])
            count = str(len(parts[HELD_OUT]))
            cells = [f"`{name}`", count, *gains, *over, _moved(parts[HELD_OUT], "maj"), seeds if count != "1" else ""]
            lines.append(f"| {' | '.join(cells)} |")
        lines += ["", *_spread(rewards), *_between_rewards(rewards), *_votes(rewards, samples), ""]
    return lines[:-1]


def between_seeds(groups: Iterable[Sequence[float]]) -> tuple[float, int] | None:
    """Return the standard deviation of a run's gain between seeds, over groups of runs that differ in nothing else.

    The square root of sum_g sum_i (x_gi - mean_g)^2 / sum_g (n_g - 1), and the number of groups with two runs or more.

    Returns:
        ``None`` where no group has two runs.

    Example:
        >>> between_seeds([[0.1, 0.3], [0.5, 0.5, 0.5], [0.7]])
        (0.0816496580927726, 2)
    """
    repeated = [group for group in groups if len(group) > 1]
    if not repeated:
        return None
    squares = sum((x - sum(group) / len(group)) ** 2 for group in repeated for x in group)
    return (squares / sum(len(group) - 1 for group in repeated)) ** 0.5, len(repeated)


def between_groups(groups: Iterable[Sequence[float]], shuffles: int = 10_000) -> tuple[float, float, int] | None:
    """Return the share of the variance that lies between groups, and how often chance alone gives as much.

    ICC(1) of Shrout and Fleiss (1979), (MSB - MSW) / (MSB + (n0 - 1) MSW) over groups of two and more, where n0 =
    (N - sum n_g^2 / N) / (K - 1) stands for the size of unequal groups (Donner and Koval, 1980). It may be negative.

    Args:
        groups: runs that differ in nothing but the seed.
        shuffles: as many times the values are dealt out anew, by one seed.

    Returns:
        The share, the share of shuffles that give at least as much (1 is added to both counts), and K. ``None`` where
        fewer than two groups have two runs.

    Example:
        >>> share, chance, count = between_groups([[1.0, 1.2], [3.0, 3.2], [5.0, 5.2], [7.0, 7.2]])
        >>> round(share, 3), round(chance, 3), count
        (0.997, 0.01, 4)
    """
    repeated = [list(group) for group in groups if len(group) > 1]
    if len(repeated) < 2:
        return None
    own, dealt = _icc(repeated), random.Random(0)
    values = [x for group in repeated for x in group]
    as_much = 0
    for _ in range(shuffles):
        dealt.shuffle(values)
        rest = iter(values)
        as_much += _icc([[*islice(rest, len(group))] for group in repeated]) >= own - 1e-12
    return own, (as_much + 1) / (shuffles + 1), len(repeated)


def _icc(groups: Sequence[Sequence[float]]) -> float:
    count = sum(len(group) for group in groups)
    mean = sum(map(sum, groups)) / count
    means = [sum(group) / len(group) for group in groups]
    between = sum(len(group) * (own - mean) ** 2 for group, own in zip(groups, means, strict=True)) / (len(groups) - 1)
    within = sum((x - own) ** 2 for group, own in zip(groups, means, strict=True) for x in group)
    within /= count - len(groups)
    size = (count - sum(len(group) ** 2 for group in groups) / count) / (len(groups) - 1)
    return (between - within) / (between + (size - 1) * within)


def _spread(rewards: Mapping[str, Mapping[str, Sequence[Row]]]) -> list[str]:
    """Return lines that say how far the seeds of one reward lie apart: of all but the control, and of that."""
    lines = []
    for whose, names in (("a reward", [name for name in rewards if name != CONTROL]), ("the control", [CONTROL])):
        runs = [rewards[name] for name in names if name in rewards]
        found = [between_seeds(_gains(runs, part)) for part in PARTS]
        if found[0] and found[1]:
            of = f", over {found[1][1]} with two seeds or more" if whose == "a reward" else ""
            said = f"{found[0][0]:.3f} adapted, {found[1][0]:.3f} held out"
            lines.append(f"- Standard deviation between the seeds of {whose}: {said}{of}.")
    return lines


def _between_rewards(rewards: Mapping[str, Mapping[str, Sequence[Row]]]) -> list[str]:
    """Return lines that say how much of what lies between runs lies between rewards, not between their seeds."""
    lines = []
    for whose, out in (
        ("rewards, controls aside", CONTROLS),
        (f"of them, `{ALONE}` aside", (*CONTROLS, ALONE)),
        ("of these, those alone that see a question once", (*CONTROLS, ALONE, *VIEWED)),
    ):
        methods = [parts for name, parts in rewards.items() if name not in out]
        found = [between_groups(_gains(methods, part)) for part in PARTS]
        if all(found):
            said = f"{_share(found[0])} adapted, {_share(found[1])} held out"
            lines.append(f"- Share of the variance of the gain that lies between {found[0][2]} {whose}: {said}.")
    return lines


def runs_table(rows: Iterable[Row]) -> list[str]:
    """Return a table with a row a run and data source: what it gained, and that over the control's own gain."""
    rows = sorted(rows, key=lambda row: (row["task"], row["reward"], row["seed"]))
    controls: dict[tuple[str, str], list[dict[str, float]]] = defaultdict(list)
    for row in rows:
        if row["reward"] == CONTROL:
            for source, told in row["sources"].items():
                controls[row["task"], source].append(told["changes"])
    lines = [
        "| questions | reward, seed | avg@n | greedy | maj@n | pass@n | without an answer | gain | over the control |",
        "| --- " * 9 + "|",
    ]
    for row in rows:
        for source, told in row["sources"].items():
            gain = Mean.of([*told["changes"].values()]) if told["changes"] else None
            control = [] if row["reward"] == CONTROL else controls.get((row["task"], source), [])
            over = gain_over_control(told["changes"], control)
            moved = [f"{_shown(told['before'][key])} → {_shown(told['after'][key])}" for key in told["before"]]
            name = f"{row['reward']}, {row['seed']}"
            lines.append(f"| {' | '.join([source, name, *moved, _signed(gain), _signed(over)])} |")
    if controls:
        lines.append("")
    for (task, source), runs in sorted(controls.items()):
        walks = ", ".join(_signed(Mean(sum(changes.values()) / len(changes), None)) for changes in runs)
        lines.append(f"- The control on {task}, {source}: {walks}.")
    return lines


def _votes(rewards: Mapping[str, Mapping[str, Sequence[Row]]], samples: str) -> list[str]:
    """Return a line a part that says what became of the vote.

    Before is how far sampling alone moves it: every run samples the same model. After is of all but the controls.
    """
    lines = []
    for part in PARTS:
        vote = f"maj@{samples} {part.replace('-', ' ')}"
        before = [told["before"]["maj"] for parts in rewards.values() for told in parts[part]]
        if len(before) > 1:
            walk = f"mean {statistics.mean(before):.3f}, standard deviation {statistics.stdev(before):.3f}"
            lines.append(f"- {vote} of the model before, sampled {len(before)} times: {walk}.")
        methods = [parts for name, parts in rewards.items() if name not in CONTROLS]
        groups = [[told["after"]["maj"] for told in parts[part]] for parts in methods]
        after = [value for group in groups for value in group]
        share, spread = between_groups(groups), between_seeds(groups)
        if share and spread:
            walk = f"mean {statistics.mean(after):.3f}, standard deviation between seeds {spread[0]:.3f}"
            of = f"share of its variance between {share[2]} rewards {_share(share)}"
            lines.append(f"- {vote} after, of {len(after)} runs, controls aside: {walk}, {of}.")
    return lines


def _share(found: tuple[float, float, int]) -> str:
    share, chance, _ = found
    return f"{share:.2f} (as much by chance: {chance:.3f})".replace("-", "−")


def _names(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["reward"] for row in rows))


def _by_part(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return what each run of a reward came to on the adapted and on the held-out questions."""
    found: dict[str, list[Row]] = {ADAPTED: [], HELD_OUT: []}
    for row in rows:
        for source, told in row["sources"].items():
            found[HELD_OUT if source.endswith("heldout") else ADAPTED].append(told)
    return found


def _gain(runs: Sequence[Row]) -> Mean:
    return Mean.of([*over_seeds([told["changes"] for told in runs]).values()])


def _gains(rewards: Iterable[Mapping[str, Sequence[Row]]], part: str) -> list[list[float]]:
    """Return the gain of each run, by reward."""
    return [[_gain([told]).value for told in parts[part]] for parts in rewards]


def _paired(runs: Sequence[Row], control: Sequence[Row]) -> tuple[dict[str, float], list[dict[str, float]]]:
    return over_seeds([told["changes"] for told in runs]), [told["changes"] for told in control]


def _moved(runs: Sequence[Row], key: str) -> str:
    old, new = (sum(told[when][key] for told in runs) / len(runs) for when in ("before", "after"))
    return f"{old:.3f} → {new:.3f}"


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _signed(mean: Mean | None) -> str:
    if mean is None:
        return "-"
    value = f"{mean.value:+.3f}".replace("-", "−")
    return value if mean.error is None else f"{value} ± {mean.error:.3f}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=KEPT)
    parser.add_argument("--runs", action="store_true", help="each run, before and after")
    chosen = parser.parse_args()
    rows = [json.loads(line) for line in chosen.file.read_text().splitlines()]
    print("\n".join(runs_table(rows) if chosen.runs else task_tables(rows)))


if __name__ == "__main__":
    main()
