"""What the group stage writes down as it votes: the votes, the alarms that end a run, verl's own trackers."""

import json
import os
import time

import pytest
from queue_rows import put, recipe, remember, scores, stage

from ttrl_verl.record.read import open_run

pytestmark = [pytest.mark.verl, pytest.mark.timeout(300), pytest.mark.usefixtures("runs")]


def test_every_vote_is_on_record(tq, runs):
    prompts = [[{"role": "system", "content": "s"}, {"role": "user", "content": f"what is {n}"}] for n in range(4)]
    remember({3: "5.0"}, dict(enumerate(prompts)))
    put(tq, "a", ["5", "4", None, "5"], index=3, order=[3, 1, 0, 2], lengths=[1, 2, 3, 4])
    put(tq, "b", ["7", ...], index=2, status="failure")
    batch, metrics = stage(votes=4, run="recorded").sample(global_steps=6, partition_id="train", batch_size=2)
    # Three of the eight responses never came: an alarm of its own.
    assert (metrics["ttrl/alarms"], metrics["ttrl/audit_lost"]) == (1.0, 0.0)
    run = open_run(runs / "recorded")
    assert run.manifest.attempts[0].first_step == 6
    assert run.manifest.config["actor_rollout_ref"]["rollout"]["n"] == 2
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
        "places": [0, 1],
        "weight": 1.0,
        "checks": None,
        "missing": 0,
        "cut": 0,
        "pseudo_label": "5",
        "prior_label": None,
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
    remember()


def test_an_alarm_that_says_stop_makes_the_next_step_the_last_and_saves_it(tq, runs):
    from verl.trainer.ppo.v1 import PPOTrainerSync

    alarm = {"alarms.no_signal.action": "stop", "alarms.no_signal.patience": 2}
    config = recipe("constant", run="stopped", votes=3, **alarm)
    config.trainer.save_freq = -1  # a recipe that saves nothing
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
