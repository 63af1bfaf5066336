"""The group stage on the real TransferQueue: rows are put in as verl's agent loops put them in."""

import itertools
import json
import os
import time

import pytest

from ttrl_verl.composition.recipe import compose_recipe
from ttrl_verl.record.read import open_run

pytestmark = [pytest.mark.verl, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def queue():
    """A real TransferQueue on a local Ray, emptied between tests."""
    import ray
    import transfer_queue as tq

    os.environ.setdefault("TRANSFER_QUEUE_ENABLE", "1")
    config = compose_recipe("demo_cpu")
    ray.init(num_cpus=16, include_dashboard=False, log_to_driver=False)
    config.transfer_queue.enable = True
    tq.init(config.transfer_queue)
    yield tq
    tq.close()
    ray.shutdown()


@pytest.fixture
def tq(queue):
    yield queue
    for partition, keys in (queue.kv_list() or {}).items():
        if keys:
            queue.kv_clear(keys=list(keys), partition_id=partition)


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    """Runs write below a folder of the test's own, and no test inherits another's metrics file."""
    monkeypatch.chdir(tmp_path)
    for name in ("VERL_FILE_LOGGER_PATH", "TENSORBOARD_DIR"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return tmp_path


_numbers = itertools.count()


def recipe(reward="majority_vote", run=None, **ttrl):
    overrides = [f"ttrl.{key}={value}" for key, value in ttrl.items()]
    names = ["ttrl.answer_type=number", f"reward.reward_manager.name={reward}", "actor_rollout_ref.rollout.n=2"]
    folder = f"trainer.default_local_dir={run or f'run-{next(_numbers)}'}"
    return compose_recipe("demo_cpu", [*names, folder, *overrides])


def stage(trainer_mode="sync", **settings):
    """The stage as verl builds it, from a recipe."""
    from ttrl_verl.group_stage import build_group_stage

    config = recipe(**settings)
    sampler = config.trainer.v1.sampler
    return build_group_stage(
        trainer_mode=trainer_mode,
        trainer_config=config.trainer.v1.get(trainer_mode, {}),
        max_off_policy_threshold=sampler.max_off_policy_threshold,
        max_off_policy_strategy=sampler.max_off_policy_strategy,
        sampler_kwargs=sampler.sampler_kwargs,
        refill_fn=None,
    )


def put(tq, uid, answers, *, index=0, status="finished", order=None, label=None, partition="train", lengths=None):
    """Put a group's responses in finishing order, and then its prompt's status. ``...`` is a response that failed."""
    import torch
    from verl.utils.tensordict_utils import list_of_dict_to_tensordict

    tq.kv_batch_put(keys=[uid], partition_id=partition, tags=[_prompt_tag("running")])
    extra = {"truncated": 0.0, "limited": 1.0}
    for session in order or range(len(answers)):
        if answers[session] is ...:
            continue
        length = lengths[session] if lengths else 3
        scores = torch.zeros(length)
        scores[-1] = 7.0  # what a reward worker wrote; the stage overwrites it
        row = {
            "responses": torch.arange(length),
            "rm_scores": scores,
            "extra_fields": {"reward_extra_info": extra | {"answer": answers[session], "length": length}},
            "reward_model": {"style": "rule", "ground_truth": label},
            "extra_info": {"index": index, "origin": f"q.jsonl:{index + 1}"},
        }
        tags = [{"status": "success", "seq_len": length, "global_steps": 1}]
        fields = list_of_dict_to_tensordict([row])
        tq.kv_batch_put(keys=[f"{uid}_{session}_0"], fields=fields, tags=tags, partition_id=partition)
    tq.kv_batch_put(keys=[uid], partition_id=partition, tags=[_prompt_tag(status)])


def _prompt_tag(status):
    return {"is_prompt": True, "status": status, "global_steps": 1}


def scores(tq, batch):
    data = tq.kv_batch_get(keys=batch.keys, partition_id="train", select_fields=["rm_scores"])
    return {key: row.tolist() for key, row in zip(batch.keys, data["rm_scores"].unbind(), strict=True)}


def left(tq):
    return sorted(tq.kv_list().get("train", {}))


def test_the_first_sampled_are_kept_whatever_finished_first(tq):
    # 3 of 4 say "5"; session 3 finished first, session 0 last. Kept: sessions 0 and 1.
    put(tq, "a", ["5", "4", "5", "5"], order=[3, 2, 1, 0], lengths=[4, 2, 3, 1])
    batch, metrics = stage().sample(global_steps=1, partition_id="train", batch_size=1)
    assert scores(tq, batch) == {"a_0_0": [0.0, 0.0, 0.0, 1.0], "a_1_0": [0.0, 0.0]}
    assert left(tq) == ["a_0_0", "a_1_0"]
    assert metrics["ttrl/majority_ratio"] == 0.75
    assert (metrics["ttrl/votes"], metrics["ttrl/kept"], metrics["ttrl/queue_leftover"]) == (4, 2, 0)
    assert (metrics["ttrl/truncated_ratio"], metrics["ttrl/limited_ratio"]) == (0.0, 1.0)


def test_two_digit_sessions_are_in_sampling_order(tq):
    put(tq, "a", ["1", "2"] + ["1"] * 10, order=[11, 10, *range(10)])
    batch, _ = stage().sample(global_steps=1, partition_id="train", batch_size=1)
    assert batch.keys == ["a_0_0", "a_1_0"]


def test_a_group_with_failed_responses_votes_with_those_that_came(tq):
    put(tq, "a", ["4", ..., "5", "5"], status="failure")
    put(tq, "b", ["1", ..., ..., ...], status="failure")
    batch, metrics = stage(votes=4).sample(global_steps=1, partition_id="train", batch_size=2)
    assert {key: row[-1] for key, row in scores(tq, batch).items()} == {"a_0_0": 0.0, "a_2_0": 1.0, "b_0_0": 1.0}
    assert metrics["ttrl/missing_responses"] == 4
    assert left(tq) == sorted(batch.keys)


def test_nobody_parsable_earns_nothing(tq):
    put(tq, "a", [None, None, None])
    batch, metrics = stage().sample(global_steps=1, partition_id="train", batch_size=1)
    assert {row[-1] for row in scores(tq, batch).values()} == {0.0}
    assert (metrics["ttrl/unparsed_ratio"], metrics["ttrl/zero_advantage_groups"]) == (1.0, 1.0)


def test_an_earlier_steps_leak_is_counted(tq):
    put(tq, "old", ["1", "1"])
    tq.kv_clear(keys=["old"], partition_id="train")  # its prompt is gone, its responses are not
    put(tq, "a", ["1", "1"])
    _, metrics = stage().sample(global_steps=2, partition_id="train", batch_size=1)
    assert metrics["ttrl/queue_leftover"] == 2


def test_a_training_row_with_a_label_is_refused(tq):
    put(tq, "a", ["1", "1"], label="1")
    with pytest.raises(RuntimeError, match="a training row reached the workers with a label"):
        stage().sample(global_steps=1, partition_id="train", batch_size=1)


def test_labels_in_the_driver_make_metrics_and_no_reward(tq):
    from ttrl_verl.labels import file_labels

    rewards = []
    for labels in ({}, {3: "5.0"}, {3: "4"}, {3: "nonsense"}):
        file_labels(labels)
        put(tq, "a", ["5", "4", "5"], index=3)
        batch, metrics = stage().sample(global_steps=1, partition_id="train", batch_size=1)
        rewards.append(scores(tq, batch))
        tq.kv_clear(keys=batch.keys, partition_id="train")
        assert metrics.get("ttrl/label_accuracy") == {"5.0": 1.0, "4": 0.0}.get(labels.get(3))
    file_labels({})
    assert rewards == [{"a_0_0": [0, 0, 1.0], "a_1_0": [0, 0, 0]}] * 4


def test_every_vote_is_on_record(tq, runs):
    import pyarrow as pa

    from ttrl_verl.labels import file_labels
    from ttrl_verl.prompts import file_prompts

    prompts = [[{"role": "system", "content": "s"}, {"role": "user", "content": f"what is {n}"}] for n in range(4)]
    file_prompts(pa.table({"prompt": prompts, "data_source": ["q"] * 4}))
    file_labels({3: "5.0"})
    put(tq, "a", ["5", "4", None, "5"], index=3, order=[3, 1, 0, 2], lengths=[1, 2, 3, 4])
    put(tq, "b", ["7", ...], index=2, status="failure")
    batch, metrics = stage(votes=4, run="recorded").sample(global_steps=6, partition_id="train", batch_size=2)
    # Three of the eight responses never came: an alarm of its own.
    assert (metrics["ttrl/alarms"], metrics["ttrl/audit_lost"]) == (1.0, 0.0)
    run = open_run(runs / "recorded")
    assert run.manifest["attempts"][0]["first_step"] == 6
    assert run.manifest["config"]["actor_rollout_ref"]["rollout"]["n"] == 2
    assert os.environ["VERL_FILE_LOGGER_PATH"] == str(runs / "recorded" / "metrics" / "attempt_001.jsonl")
    first, second = sorted(run.audit().to_pylist(), key=lambda row: row["uid"])
    assert first.pop("answer_entropy") == pytest.approx(0.6365, abs=1e-4)  # 2/3 and 1/3
    assert first == {
        "step": 6,
        "attempt": 1,
        "index": 3,
        "uid": "a",
        "data_source": "q",
        "origin": "q.jsonl:4",
        "question": "what is 3",
        "answers": ["5", "4", None, "5"],
        "rewards": [1.0, 0.0, 0.0, 1.0],
        "lengths": [1, 2, 3, 4],
        "kept": 2,
        "missing": 0,
        "pseudo_label": "5",
        "majority_ratio": 0.5,
        "distinct_answers": 2,
        "unparsed": 1,
        "truncated": 0,
        "limited": 4,
        "label": "5",
        "label_correct": True,
    }
    assert (second["answers"], second["missing"], second["kept"]) == (["7"], 3, 1)
    assert (second["question"], second["label"], second["label_correct"]) == ("what is 2", None, None)
    # The rewards on record are those in the queue, on each kept response's last token.
    assert {key: row[-1] for key, row in scores(tq, batch).items()} == {"a_0_0": 1.0, "a_1_0": 0.0, "b_0_0": 1.0}
    file_labels({})


def test_an_alarm_that_says_stop_makes_the_next_step_the_last_and_saves_it(tq, runs):
    from verl.trainer.ppo.v1 import PPOTrainerSync

    alarm = {"alarms.no_signal.action": "stop", "alarms.no_signal.patience": 2}
    config = recipe("constant", run="stopped", votes=3, **alarm)
    trainer = PPOTrainerSync(config)
    trainer.total_training_steps, trainer.steps_per_epoch = 100, 3  # verl sets them with its data loader
    lasts = []
    for step in (1, 2, 3):
        put(tq, f"g{step}", ["5", "4", "5"])
        batch, _ = trainer.replay_buffer.sample(global_steps=step, partition_id="train", batch_size=1)
        tq.kv_clear(keys=batch.keys, partition_id="train")
        lasts.append(trainer.total_training_steps)
    assert lasts == [100, 3, 3]
    assert (config.trainer.save_freq, config.trainer.resume_mode) == (3, "disable")
    assert [alarm["alarm"] for alarm in open_run(runs / "stopped").alarms()] == ["no_signal"]


def test_an_alarm_without_a_trainer_to_stop_lets_training_go_on(tq, caplog):
    group_stage = stage(
        reward="constant", votes=2, **{"alarms.no_signal.action": "stop", "alarms.no_signal.patience": 1}
    )
    put(tq, "a", ["5", "4"])
    batch, metrics = group_stage.sample(global_steps=1, partition_id="train", batch_size=1)
    assert (len(batch.keys), metrics["ttrl/alarms"]) == (2, 1.0)
    assert "there is no trainer of verl's to stop" in caplog.text


def test_verls_file_logger_writes_into_the_run_and_an_attempt_spoils_no_other(tq, runs, monkeypatch):
    from verl.utils.tracking import FileLogger

    for step in (1, 2):
        group_stage = stage(run="twice", **{"audit": "true"})
        put(tq, f"g{step}", ["5", "4"])
        logger = FileLogger("project", "experiment")
        logger.log({"ttrl/majority_ratio": 0.5}, step)
        logger.finish()
        group_stage._writer.close()
        monkeypatch.delenv("VERL_FILE_LOGGER_PATH")
    lines = [path.read_text().splitlines() for path in sorted((runs / "twice" / "metrics").iterdir())]
    assert [[json.loads(line)["step"] for line in file] for file in lines] == [[1], [2]]


def test_verls_trackers_take_every_metric(tq, runs, monkeypatch):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from verl.utils.tracking import Tracking

    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(runs))
    put(tq, "a", ["5", "4", "5"])
    _, metrics = stage(run="tracked").sample(global_steps=1, partition_id="train", batch_size=1)
    tracking = Tracking("project", "experiment", ["console", "file", "tensorboard", "wandb"], {"trainer": {}})
    tracking.log(metrics, step=1)
    ours = {name for name in metrics if name.startswith("ttrl/")}
    assert {"ttrl/majority_ratio", "ttrl/alarms", "ttrl/audit_lost"} <= ours
    tracking.finish()
    (offline,) = runs.glob("wandb/offline-run-*/*.wandb")
    # W&B's own process writes the file, and on a busy machine some time after it said that it had finished.
    deadline = time.monotonic() + 60
    while (missing := [n for n in ours if n.encode() not in offline.read_bytes()]) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not missing
    events = EventAccumulator(str(runs / "tracked" / "tensorboard" / "attempt_001"))
    events.Reload()
    assert ours <= set(events.Tags()["scalars"])
    assert ours <= set(open_run(runs / "tracked").metrics()[0]["data"])


def test_validation_passes_through(tq):
    put(tq, "v", ["1", "2", "3"], label="1", partition="val")
    batch, metrics = stage().sample(global_steps=1, partition_id="val", batch_size=1)
    assert len(batch.keys) == 3
    assert not metrics


def test_the_asynchronous_trainers_get_theirs(tq):
    from verl.trainer.ppo.v1.replay_buffer import ReplayBufferAsync

    for mode in ("colocate_async", "separate_async"):
        assert isinstance(stage(mode), ReplayBufferAsync)
    put(tq, "a", ["5", "4", "5"])
    batch, metrics = stage("colocate_async").sample(global_steps=1, partition_id="train", batch_size=1)
    assert (batch.keys, metrics["ttrl/kept"]) == (["a_0_0", "a_1_0"], 2)


def test_the_queue_is_never_full():
    from transfer_queue.storage.simple_storage import StorageUnitData

    # The limit of verl's default is TransferQueue's to keep; our recipes set none.
    assert recipe().transfer_queue.backend.SimpleStorage.total_storage_size is None
    limited, ours = StorageUnitData(2), StorageUnitData(None)
    for storage in (limited, ours):
        storage.put_data({"answer": ["4", "5"]}, [0, 1])
    with pytest.raises(ValueError, match="Storage capacity exceeded"):
        limited.put_data({"answer": ["6"]}, [2])
    ours.put_data({"answer": ["6"]}, [2])
    assert ours.get_data(["answer"], [0, 1, 2]) == {"answer": ["4", "5", "6"]}


def test_several_outputs_of_a_session_share_its_reward():
    from ttrl_verl.group_stage import sessions_by_prompt

    assert sessions_by_prompt(["a_0_1", "a_0_0", "a_1_0"]) == [(("a_0_0", "a_0_1"), ("a_1_0",))]


def test_the_poll_interval_is_the_recipes():
    assert stage(poll_interval=0.25).poll_interval == 0.25
