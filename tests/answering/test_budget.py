"""A run that is given a time is asked to end while there is time to end in."""

import pytest

from ttrl_verl.answering import run
from ttrl_verl.record.layout import STOP


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(run.time, "monotonic", lambda: now[0])
    return now


def step(folder, number: int) -> None:
    (folder / "audit").mkdir(exist_ok=True)
    (folder / "audit" / f"step_{number:06d}.parquet").touch()


def test_two_steps_and_the_last_votes_are_in_the_time(tmp_path, clock):
    budget = run.Budget(tmp_path, 300.0)
    (tmp_path / "validation").mkdir()
    clock[0] = 60.0
    (tmp_path / "validation" / "0.jsonl").touch()
    budget.update()
    for number, seconds in ((1, 100.0), (2, 140.0), (3, 180.0)):
        clock[0] = seconds
        step(tmp_path, number)
        budget.update()
        # At 180: two steps of 40 and half of the first 60 make 290.
        assert not (tmp_path / STOP).exists()
    clock[0] = 191.0
    budget.update()
    assert (tmp_path / STOP).exists()


def test_without_a_bound_nothing_is_asked(tmp_path, clock):
    budget = run.Budget(tmp_path, None)
    clock[0] = 1e9
    budget.update()
    assert not (tmp_path / STOP).exists()
