import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from ttrl_verl.reward_fns import Group

REPOSITORY = Path(__file__).parent.parent


def pytest_report_header() -> str:
    """Say on which processor: rounding differs between them."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    fields = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    newest = [name for name in ("amx_tile", "avx512f", "avx2", "sse4_1") if name in fields.get("flags", "").split()]
    return f"processor: {fields.get('model name', 'unknown')}, {newest[0] if newest else 'unknown instruction set'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what is cheap first: a slip is told in seconds, not after the trainings."""
    dear = ("slow", "verl", "e2e", "matrix")
    items.sort(key=lambda item: max((dear.index(m.name) + 1 for m in item.iter_markers() if m.name in dear), default=0))


@pytest.fixture
def make_group() -> Callable[..., Group]:
    """Build a group from answers."""
    return lambda *answers, **fields: Group(answers=tuple(answers), **fields)


@pytest.fixture
def write_jsonl(tmp_path: Path) -> Callable[[str, Sequence[object]], Path]:
    """Write rows as lines of JSON; a string goes in as it stands."""

    def write(name: str, rows: Sequence[object]) -> Path:
        path = tmp_path / name
        path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
        return path

    return write


@pytest.fixture
def start_record(tmp_path, write_jsonl):
    """Start an attempt in a folder, as the group stage does; all are given back in the end."""
    import record_rows

    from ttrl_verl.config import parse_ttrl_config
    from ttrl_verl.record.write import RunWriter

    questions = write_jsonl("q.jsonl", [{"prompt": f"what is {n}"} for n in range(3)])
    writers = []

    def writer(folder: Path = tmp_path / "run", alarms: dict | None = None, audit: bool = True, **trainer):
        section = record_rows.CONFIG["ttrl"] | {"audit": audit, "alarms": alarms or {}}
        data = {"train_files": [str(questions)], "val_files": str(questions)}
        trainer = record_rows.CONFIG["trainer"] | {"default_local_dir": str(folder)} | trainer
        config = record_rows.CONFIG | {"ttrl": section, "data": data, "trainer": trainer}
        writers.append(RunWriter(folder, config, parse_ttrl_config(section)))
        return writers[-1]

    yield writer
    for one in writers:
        one.close()


_started = ExitStack()


@pytest.fixture(scope="session")
def queue():
    """A real TransferQueue on a local Ray, one for all tests: a start takes some 13 s. ``tq`` empties it.

    Ray's workers find the modules beside the tests. It ends before the first training: see ``pytest_runtest_setup``.
    """
    import ray
    import transfer_queue as tq

    from ttrl_verl.composition.recipe import compose_recipe

    os.environ.setdefault("TRANSFER_QUEUE_ENABLE", "1")
    config = compose_recipe("demo_cpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(REPOSITORY / "tests"), prepend=os.pathsep)
        patch.chdir(REPOSITORY)
        ray.init(num_cpus=16, include_dashboard=False, log_to_driver=False)
        _started.callback(ray.shutdown)
        config.transfer_queue.enable = True
        tq.init(config.transfer_queue)
        _started.callback(tq.close)
    yield tq
    _started.close()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give a training the machine: what came before it, by the order of the marks, has no more need of Ray."""
    if item.get_closest_marker("e2e"):
        _started.close()


@pytest.fixture
def tq(queue):
    yield queue
    for partition, keys in (queue.kv_list() or {}).items():
        if keys:
            queue.kv_clear(keys=list(keys), partition_id=partition)


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Runs write below a folder of the test's own, and no test inherits another's metrics file."""
    monkeypatch.chdir(tmp_path)
    for name in ("VERL_FILE_LOGGER_PATH", "TENSORBOARD_DIR"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the tiny model."""
    return _built("tiny_model.py", tmp_path_factory.mktemp("models") / "tiny-llama")


@pytest.fixture(scope="session")
def tiny_vision_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the tiny vision model."""
    return _built("tiny_vision_model.py", tmp_path_factory.mktemp("models") / "tiny-qwen2_5-vl")


@pytest.fixture(scope="session")
def tiny_qwen3_vl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the tiny vision model of the next generation."""
    return _built("tiny_qwen3_vl.py", tmp_path_factory.mktemp("models") / "tiny-qwen3-vl")


@pytest.fixture(scope="session")
def tiny_internvl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the tiny InternVL."""
    return _built("tiny_internvl.py", tmp_path_factory.mktemp("models") / "tiny-internvl")


@pytest.fixture(scope="session")
def tiny_internvl_untied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the tiny InternVL with a head of its own, which ``text_config`` alone tells."""
    return _built("tiny_internvl.py", tmp_path_factory.mktemp("models") / "tiny-internvl-untied", "untied")


@pytest.fixture(scope="session")
def tiny_internvl35(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the tiny InternVL with a head of its own and Qwen3's language model."""
    return _built("tiny_internvl.py", tmp_path_factory.mktemp("models") / "tiny-internvl35", "untied", "qwen3")


@pytest.fixture(scope="session")
def tiny_glm4v(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the tiny GLM-4.1V."""
    return _built("tiny_glm4v.py", tmp_path_factory.mktemp("models") / "tiny-glm4v")


def _built(script: str, folder: Path, *options: str) -> Path:
    """Build a model in a process of its own: the fast tests import neither torch nor transformers."""
    subprocess.run([sys.executable, str(REPOSITORY / "tests" / script), str(folder), *options], check=True)
    return folder
