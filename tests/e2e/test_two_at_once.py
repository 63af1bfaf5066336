"""Two runs on one machine, each with a Ray of its own: vLLM answers each with its own actor's weights.

A tiny model's weights cross in milliseconds, so that two runs rarely meet: this holds without the patch of the socket,
too. What happens where they do meet is in tests/patches/test_weight_socket.py.
"""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest
from conftest import train  # tests/e2e/conftest.py

from ttrl_verl.record.layout import metrics_file

pytestmark = [pytest.mark.e2e, pytest.mark.matrix, pytest.mark.timeout(2400)]

STEPS = 3
MORE = ((), ("actor_rollout_ref.rollout.seed=1", "data.seed=1", "actor_rollout_ref.actor.optim.lr=2e-2"))


def test_each_trains_on_votes_of_its_own_weights(tmp_path, tiny_model):
    """1e-2 a step moves the weights far beyond this bound, and the two runs apart."""
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    # A run handles signals, so that each has a main thread; a fork knows this folder's conftest.
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
        started = [pool.submit(train, folder, tiny_model, more) for folder, more in zip(folders, MORE, strict=True)]
        runs = [future.result() for future in started]
    assert max(run.record.manifest.attempts[0].begins for run in runs) < min(
        metrics_file(folder, 1).stat().st_mtime for folder in folders
    )  # they ran at once
    for run in runs:
        assert [row["step"] for row in run.metrics if row["step"] > 0] == list(range(1, STEPS + 1))
        differences = [record["mean_absolute_difference"] for record in run.of_kind("log_probs")]
        assert len(differences) == STEPS
        assert max(differences) < 1e-3
        assert [record["left"] for record in run.of_kind("end")] == [{}]
    told = [[run.of_kind("log_probs")[step]["samples"] for run in runs] for step in range(STEPS)]
    assert all(one != other for one, other in told[1:])
