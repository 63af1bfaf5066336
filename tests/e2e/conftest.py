"""One run of the real verl and the real vLLM, as a test sees it afterwards."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ttrl_verl.launch import log_tail, run, train_command
from ttrl_verl.record.read import Run as Record
from ttrl_verl.record.read import open_run

HERE = Path(__file__).parent
RECIPE = str(HERE / "tiny_cpu.yaml")

# Labels that would show in any reward they reached: wrong ones, hostile ones, one that is no number.
QUESTIONS = [
    {"prompt": f"what is {a} plus {b}", "answer": label}
    for a, b, label in [
        (1, 2, "9"),
        (2, 2, "0"),
        (3, 1, None),
        (4, 4, "__import__('os').system('false')"),
        (5, 0, "5"),
        (6, 1, "999999999999"),
        (7, 2, "no number"),
        (8, 1, 9),
    ]
]


@dataclass
class Run:
    """What a run left behind."""

    folder: Path
    status: int
    log: str
    observed: list[dict] = field(default_factory=list)

    @property
    def record(self) -> Record:
        """The run's folder, as a user reads it."""
        return open_run(self.folder)

    @property
    def metrics(self) -> list[dict]:
        """What verl logged, a row a step."""
        return self.record.metrics()

    def of_kind(self, kind: str) -> list[dict]:
        """The observer's records of one kind, in order."""
        return [record for record in self.observed if record["kind"] == kind]

    def series(self, key: str) -> list[float]:
        """A metric over the training steps."""
        return [row["data"][key] for row in self.metrics if row["step"] > 0]


def train(
    folder: Path,
    model: Path,
    overrides: Sequence[str] = (),
    *,
    recipe: str = RECIPE,
    questions: Sequence[dict] = QUESTIONS,
    watch: Callable[[], None] | None = None,
) -> Run:
    """Run a recipe in a folder, or go on with the run that is there, and collect what it left."""
    file = folder / "questions.jsonl"
    if not file.exists():
        file.write_text("".join(json.dumps(row) + "\n" for row in questions))
    settings = [
        f"actor_rollout_ref.model.path={model}",
        f"data.train_files=[{file}]",
        f"data.val_files=[{file}]",
        f"trainer.default_local_dir={folder}",
        f"trainer.rollout_data_dir={folder}/rollouts",
        *overrides,
    ]
    env = {
        "VERL_USE_EXTERNAL_MODULES": "observer",
        "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]),
        "TTRL_OBSERVER_FILE": str(folder / "observed.jsonl"),
        "RAY_DEDUP_LOGS": "0",
    }
    log = folder / "train.log"
    with log.open("ab") as output:
        status = run(train_command(recipe, settings), log=output, env=env, watch=watch)
    result = Run(folder, status, log.read_text(errors="replace"))
    path = folder / "observed.jsonl"
    if path.exists():
        result.observed.extend(json.loads(line) for line in path.read_text().splitlines())
    assert status == 0 or watch is not None, f"verl stopped with exit status {status}:\n{log_tail(log, 40)}"
    return result


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Callable[..., Run]:
    """Train once for each set of overrides; tests that ask for the same share the run."""
    runs: dict[tuple[str, ...], Run | AssertionError] = {}

    def get(*overrides: str) -> Run:
        if overrides not in runs:
            try:
                runs[overrides] = train(tmp_path_factory.mktemp("run"), tiny_model, overrides)
            except AssertionError as error:
                runs[overrides] = error  # a run that failed is not tried again by each test that wanted it
        run = runs[overrides]
        if isinstance(run, AssertionError):
            raise run
        return run

    return get
