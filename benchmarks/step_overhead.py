"""What the plugin adds to a training step: majority vote beside stock verl's own manager with a ground-truth function.

    python benchmarks/step_overhead.py [--steps 30] [--rounds 2]

The same tiny model, data, batch and poll interval; in turn, a run of stock verl (``naive`` manager, stock replay
buffer, labels in the rows), one with the plugin (``majority_vote``, the group stage, no labels), and one with the
plugin without the record and the alarms. Prints the median step time of each, and the ratios. The first steps of a
run warm up and are not counted.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import tiny_model

from ttrl_verl.alarms.config import AlarmsConfig
from ttrl_verl.launch import log_tail, run, train_command

RECIPE = str(Path(__file__).parent.parent / "tests" / "e2e" / "tiny_cpu.yaml")
WARM_UP = 5
RESPONSES = 8
KINDS = ("stock", "unrecorded", "plugin")

REWARD = """
def compute_score(data_source, solution_str, ground_truth, extra_info=None, **kwargs):
    words = solution_str.split()
    return float(bool(words) and words[-1] == ground_truth)
"""


def main() -> None:
    """Run stock verl and the plugin in turn, and print the ratios of their step times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tiny_model.build(folder / "model")
        _write_data(folder)
        rows: dict[str, list[dict[str, float]]] = {kind: [] for kind in arguments.kinds}
        for number in range(arguments.rounds):
            for kind in arguments.kinds:
                rows[kind] += _timings(folder, kind, number, arguments.steps)
                _say(kind, rows[kind])
    medians = {kind: statistics.median(row["step"] for row in timings) for kind, timings in rows.items()}
    for kind in (kind for kind in medians if kind != "plugin" and "plugin" in medians):
        print(f"plugin / {kind} = {medians['plugin'] / medians[kind]:.3f}")


def _say(kind: str, rows: list[dict[str, float]]) -> None:
    steps = [row["step"] for row in rows]
    parts = {key: statistics.median(row[key] for row in rows) for key in rows[0] if key != "step"}
    print(
        f"{kind:10}  median {statistics.median(steps):.3f} s a step  "
        f"({min(steps):.3f} to {max(steps):.3f}, {len(steps)} steps): "
        + ", ".join(f"{key} {seconds:.3f}" for key, seconds in parts.items()),
        flush=True,
    )


def _write_data(folder: Path) -> None:
    """The same questions for both: a row that stock verl reads is one that the plugin reads."""
    rows = [
        {
            "prompt": [{"role": "user", "content": f"what is {n % 10} plus 1"}],
            "data_source": "digits",
            "reward_model": {"style": "rule", "ground_truth": str(n % 9 + 1)},
            "extra_info": {"index": n},
        }
        for n in range(32)
    ]
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "reward.py").write_text(REWARD)


def _timings(folder: Path, kind: str, number: int, steps: int) -> list[dict[str, float]]:
    overrides = [
        f"actor_rollout_ref.model.path={folder}/model",
        f"data.train_files=[{folder}/questions.jsonl]",
        f"data.val_files=[{folder}/questions.jsonl]",
        f"trainer.total_training_steps={steps + WARM_UP}",
        f"trainer.default_local_dir={folder}/{kind}-{number}",
        "trainer.test_freq=-1",
        "trainer.save_freq=-1",
        "trainer.val_before_train=false",
        f"ttrl.votes={RESPONSES}",
        f"actor_rollout_ref.rollout.n={RESPONSES}",
        "data.train_batch_size=8",
        "data.gen_batch_size=8",  # stock verl polls once for each batch that it fetches
        "actor_rollout_ref.actor.ppo_mini_batch_size=8",
        "ttrl.poll_interval=2.0",  # stock verl's, which cannot be set there
    ]
    if kind == "stock":
        overrides += [
            "reward.reward_manager.name=naive",
            f"reward.custom_reward_function.path={folder}/reward.py",
            "data.custom_cls.path=null",
            "trainer.v1.sampler.custom_sampler.path=null",
        ]
    if kind == "unrecorded":
        overrides += ["ttrl.audit=false", *(f"ttrl.alarms.{alarm}.action=off" for alarm in AlarmsConfig.model_fields)]
    metrics = folder / f"{kind}-{number}.jsonl"
    log = folder / f"{kind}-{number}.log"
    with log.open("wb") as output:
        status = run(train_command(RECIPE, overrides), log=output, env={"VERL_FILE_LOGGER_PATH": str(metrics)})
    if status != 0:
        raise SystemExit(f"{kind}: verl stopped with exit status {status}\n{log_tail(log)}")
    rows = [json.loads(line) for line in metrics.read_text().splitlines()]
    return [
        {key.removeprefix("timing_s/"): value for key, value in row["data"].items() if key.startswith("timing_s/")}
        for row in rows
        if row["step"] > WARM_UP
    ]


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
