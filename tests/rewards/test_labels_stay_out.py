"""A user's function that looks everywhere it can finds no label of the training set: it runs where there is none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.answers import get_answer_type
from ttrl_verl.reward_fns.apart import ApartCheck, describe_check, describe_reward
from ttrl_verl.reward_fns.checking import Response
from ttrl_verl.reward_fns.judge import Judge, Weighted
from ttrl_verl.training.driver_store import label_of, remember

pytestmark = pytest.mark.slow

# The file below knows its form alone, so that what finds it has found a label.
LABEL = "zq31415926535897932"

SPY = """
import gc
import os
import re
import sys
from pathlib import Path

from ttrl_verl.reward_fns.answers import AnswerType
from ttrl_verl.reward_fns.answers.canonical import Canonical

LABEL = re.compile("zq[0-9]{17}")


def texts():
    frame = sys._getframe()
    while frame is not None:
        yield from map(repr, list(frame.f_locals.values()) + list(frame.f_globals.values()))
        frame = frame.f_back
    for held in gc.get_objects():
        if isinstance(held, (str, bytes, dict, list, tuple, set)):
            yield repr(held)
    for module in list(sys.modules.values()):
        yield repr(getattr(module, "__dict__", ""))
    try:
        from ttrl_verl.training import driver_store

        yield repr([driver_store.label_of(index) for index in range(5)])
        yield repr(driver_store._table)
    except ImportError:
        pass
    yield repr(dict(os.environ))
    yield repr(sys.argv)
    for name in ("environ", "cmdline"):
        yield repr(Path(f"/proc/{os.getppid()}/{name}").read_bytes())


def found():
    return sum(LABEL.search(text) is not None for text in texts())


AT_IMPORT = found()


def reward(group):
    return [float(AT_IMPORT + found())] * len(group.answers)


def check(response):
    return 1.0 if AT_IMPORT + found() else 0.0


kind = AnswerType("kind", lambda text: str(AT_IMPORT + found()), Canonical)
"""


def hold_the_label() -> None:
    """Put it where a run's driver has its labels."""
    remember(
        pa.table(
            {
                "prompt": pa.array([[{"role": "user", "content": "?"}]]),
                "data_source": ["q"],
                "label": [LABEL],
                "answer_type": pa.array([None], pa.string()),
            }
        )
    )
    assert label_of(0) == LABEL


@pytest.fixture
def spy(tmp_path):
    (tmp_path / "spy.py").write_text(SPY)
    hold_the_label()
    yield f"{tmp_path}/spy.py"
    remember(pa.table({name: pa.array([], pa.string()) for name in ("prompt", "data_source", "label", "answer_type")}))


def test_the_spy_finds_a_label_where_there_is_one(tmp_path):
    # In a process that holds it, the same function does find the label: it can look. A process of its own, as the spy
    # writes out all that there is: this one's, among three thousand tests, takes a minute.
    (tmp_path / "spy.py").write_text(SPY)
    (tmp_path / "driver.py").write_text(
        "import test_labels_stay_out; test_labels_stay_out.hold_the_label()\n"
        "del test_labels_stay_out.LABEL, test_labels_stay_out.SPY\n"
        "import spy; print(spy.AT_IMPORT, spy.found())\n"
    )
    path = os.pathsep.join([str(Path(__file__).parent), str(tmp_path)])
    done = subprocess.run(
        [sys.executable, str(tmp_path / "driver.py")],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    at_import, found = map(int, done.stdout.split())
    assert at_import > 0
    assert found > 0


def test_a_reward_finds_none(spy):
    judge = Judge([Weighted(describe_reward(f"{spy}:reward", {}))])
    assert judge(Group(answers=("4", "5"))).verdict.rewards == (0.0, 0.0)
    judge.close()


def test_a_check_finds_none(spy):
    describe_check(f"{spy}:check")
    check = ApartCheck(f"{spy}:check", workers=1, seconds=60)
    assert check(Response("so 4", "4", "?"))[0] == 0.0
    check.close()


def test_an_answer_type_finds_none_in_a_response(spy):
    assert json.loads(get_answer_type(f"{spy}:kind").extract("so 4")) == 0
