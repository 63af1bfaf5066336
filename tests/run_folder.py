"""Makes folders of runs, as ``ttrl_verl.record.layout`` has them, from a few literal votes."""

import copy
import json
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ttrl_verl.record.layout import ALARMS, AUDIT_SCHEMA, FORMAT, MANIFEST, audit_file, metrics_file
from ttrl_verl.reward_fns.vote import answer_entropy, take_vote

CONFIG: dict[str, Any] = {
    "ttrl": {"votes": 4, "answer_type": "text", "choices": 4, "last_number": False, "allow_labels": False},
    "data": {"train_files": ["/data/questions.jsonl"], "val_files": [], "seed": 0, "train_batch_size": 2},
    "reward": {"reward_manager": {"name": "majority_vote"}},
    "actor_rollout_ref": {"model": {"path": "/models/tiny"}, "rollout": {"n": 2, "seed": 0, "temperature": 1.0}},
    "trainer": {"total_training_steps": 3, "total_epochs": 1, "default_local_dir": "/runs/x"},
}


def visit(index: int, answers: list[str | None], label: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return a row of the audit; what is not given follows from the answers."""
    vote = take_vote(answers)
    return {
        "index": index,
        "uid": f"uid-{index}",
        "data_source": "questions",
        "origin": f"questions.jsonl:{index + 1}",
        "question": f"Question {index}?",
        "answers": answers,
        "rewards": [float(answer is not None and answer == vote.label) for answer in answers],
        "lengths": [10] * len(answers),
        "kept": 2,
        "missing": 0,
        "pseudo_label": vote.label,
        "majority_ratio": vote.majority_ratio,
        "answer_entropy": answer_entropy(answers),
        "distinct_answers": len(set(answers) - {None}),
        "unparsed": answers.count(None),
        "truncated": 0,
        "limited": 0,
        "label": label,
        "label_correct": None if label is None else vote.label == label,
    } | fields


def audit_table(steps: dict[int, list[dict[str, Any]]], attempt: int = 1) -> pa.Table:
    """Return the audit of some steps."""
    rows = [{"step": step, "attempt": attempt} | row for step, rows in steps.items() for row in rows]
    return pa.Table.from_pylist(rows, schema=AUDIT_SCHEMA)


def make_run(
    folder: Path,
    *,
    steps: dict[int, list[dict[str, Any]]] | None = None,
    metrics: dict[int, dict[str, float]] | None = None,
    validation: dict[int, list[dict[str, Any]]] | None = None,
    alarms: list[dict[str, Any]] | None = None,
    saved: tuple[int, ...] = (),
    attempts: list[dict[str, Any]] | None = None,
    settings: dict[str, Any] | None = None,
    sha256: str = "ab" * 32,
) -> Path:
    """Write a run's folder and return it.

    Args:
        steps: the rows of the audit, by step; see ``visit``.
        metrics: what verl logged, by step.
        validation: the lines of verl's dumps, by step; see ``answers_to``.
        settings: dotted keys that differ from ``CONFIG``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = copy.deepcopy(CONFIG)
    for key, value in (settings or {}).items():
        *path, last = key.split(".")
        section = config
        for part in path:
            section = section.setdefault(part, {})
        section[last] = copy.deepcopy(value)
    manifest = {
        "format": FORMAT,
        "config": config,
        "data": [{"path": "/data/questions.jsonl", "sha256": sha256, "rows": 6}],
        "attempts": attempts if attempts is not None else [attempt(1, 1)],
    }
    (folder / MANIFEST).write_text(json.dumps(manifest))
    for step, rows in (steps or {}).items():
        audit_file(folder, step).parent.mkdir(exist_ok=True)
        pq.write_table(audit_table({step: rows}), audit_file(folder, step))
    if metrics is not None:
        write_metrics(folder, 1, metrics)
    for step, rows in (validation or {}).items():
        (folder / "validation").mkdir(exist_ok=True)
        (folder / "validation" / f"{step}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    if alarms is not None:
        (folder / ALARMS).write_text("".join(json.dumps(row) + "\n" for row in alarms))
    for step in saved:
        save(folder / f"global_step_{step}")
    return folder


def save(checkpoint: Path, ranks: int = 1, parts: tuple[str, ...] = ("actor",)) -> Path:
    """Write a checkpoint's files as verl names them, without weights in them."""
    for part in parts:
        (checkpoint / part).mkdir(parents=True)
        for rank in range(ranks):
            for kind in ("model", "optim", "extra_state"):
                (checkpoint / part / f"{kind}_world_size_{ranks}_rank_{rank}.pt").write_bytes(b"no weights")
    with zipfile.ZipFile(checkpoint / "data.pt", "w") as archive:
        archive.writestr("data.pkl", b"")
    return checkpoint


def attempt(number: int, first_step: int) -> dict[str, Any]:
    """Return an attempt of the manifest."""
    command = ["python", "-m", "verl.trainer.main_ppo", "data.train_files=['my file.jsonl']"]
    versions = {"verl": "0.9.1", "ttrl-verl": "0.1.0"}
    started = f"2026-01-0{number}T10:00:00Z"
    return {"attempt": number, "started": started, "first_step": first_step, "command": command, "versions": versions}


def write_metrics(folder: Path, number: int, metrics: dict[int, dict[str, float]]) -> None:
    """Write what verl logged in an attempt."""
    path = metrics_file(folder, number)
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps({"step": step, "data": data}) + "\n" for step, data in metrics.items()))


def answers_to(question: int, answers: list[str | None], gts: str | None, source: str = "questions") -> list[dict]:
    """Return the lines of a validation dump for one question."""
    acc = [{} if gts is None else {"acc": float(answer == gts)} for answer in answers]
    return [
        {"uid": f"q{question}{source}_{at}_0", "answer": answer, "gts": gts, "data_source": source, **acc[at]}
        for at, answer in enumerate(answers)
    ]
