"""Two workers of each kind on one node: FSDP2 over gloo, vLLM replicas, reward workers, agent-loop workers.

What holds of one worker of each holds of two: the tests of test_train.py are taken over, and run on this module's run.
"""

import time

import psutil
import pytest
from conftest import train  # tests/e2e/conftest.py
from test_exported_model import check_the_exported_model
from test_train import (  # noqa: F401 - collected here, on the run below
    test_actor_and_rollout_agree_at_every_step,
    test_answers_are_those_of_the_decoded_responses,
    test_every_training_row_reached_the_workers_without_a_label,
    test_it_ran_all_steps_and_logged_the_metrics,
    test_the_queue_holds_the_kept_responses_alone_and_nothing_in_the_end,
    test_the_trainer_gets_the_first_sampled_with_the_rewards_of_the_whole_group,
    test_weights_move_and_vllm_answers_from_the_new_ones,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]

TWO = (
    "trainer.n_gpus_per_node=2",
    "ray_kwargs.ray_init.num_gpus=2",
    "reward.num_workers=2",
    "actor_rollout_ref.rollout.agent.num_workers=2",
)
WORKERS = ("RewardLoopWorker", "AgentLoopWorker", "vLLMHttpServer", "WorkerDict")


class Watch:
    """Counts the workers of a run by the titles that Ray gives their processes; the most seen at once."""

    def __init__(self, folder):
        self.mark, self.most, self.at = str(folder / "observed.jsonl"), dict.fromkeys(WORKERS, 0), 0.0

    def __call__(self):
        if time.monotonic() - self.at < 2.0:
            return
        self.at = time.monotonic()
        titles = []
        for process in psutil.process_iter(["name", "cmdline"]):
            title = " ".join([process.info["name"] or "", *(process.info["cmdline"] or [])])
            if "ray::" in title and self._is_mine(process):
                titles.append(title)
        for kind in WORKERS:
            self.most[kind] = max(self.most[kind], sum(kind in title for title in titles))

    def _is_mine(self, process):
        try:
            return process.environ().get("TTRL_OBSERVER_FILE") == self.mark
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            return False


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory, tiny_model):
    folder = tmp_path_factory.mktemp("two-workers")
    watch, began = Watch(folder), time.monotonic()
    run = train(folder, tiny_model, TWO, watch=watch)
    assert run.status == 0, run.log[-3000:]
    print(f"two workers: {time.monotonic() - began:.0f} s, {watch.most}")
    return run, watch.most


@pytest.fixture(scope="module")
def finished(two_workers):
    """Under the name that the tests of test_train.py ask for; GRPO by the majority vote."""
    return two_workers[0], ()


def test_there_were_two_of_each(two_workers):
    assert two_workers[1] == dict.fromkeys(WORKERS, 2)


def test_each_rank_wrote_its_half_of_the_checkpoint(two_workers):
    files = {file.name for file in (two_workers[0].folder / "global_step_3" / "actor").iterdir()}
    assert {"model_world_size_2_rank_0.pt", "model_world_size_2_rank_1.pt"} <= files


def test_a_checkpoint_of_two_ranks_is_exported(two_workers, tmp_path, tiny_model):
    check_the_exported_model(two_workers[0], tmp_path / "adapted", tiny_model)
