"""A frozen model's votes in a step, on the real TransferQueue: rewards, skipped prompts, and what goes on record."""

import pyarrow.parquet as pq
import pytest
from queue_rows import put, scores, stage

from ttrl_verl.errors import InputError
from ttrl_verl.files import sha256
from ttrl_verl.record.layout import audit_file
from ttrl_verl.record.votes_file import QuestionVotes, Source, write_votes

pytestmark = [pytest.mark.verl, pytest.mark.timeout(300), pytest.mark.usefixtures("runs")]

VOTES = [("4", "4", "5"), ("7", "7", "7")]


@pytest.fixture
def prior(runs):
    questions, votes = runs / "q.jsonl", runs / "votes.parquet"
    questions.write_text('{"prompt": "a"}\n{"prompt": "b"}\n')
    rows = [QuestionVotes(f"q.jsonl:{place}", answers, "q") for place, answers in enumerate(VOTES, start=1)]
    write_votes(votes, rows, Source("m", None, "q.jsonl", sha256(questions), {"answer_type": "number"}))
    return {"prior": str(votes), "files": f"[{questions}]"}


def test_frozen_labels_are_rewarded_and_put_on_record(tq, runs, prior):
    put(tq, "a", ["5", "4", "5"])
    put(tq, "b", ["7", "8", "8"], index=1)
    one = stage(reward="offline", run="offline", **prior)
    batch, _ = one.sample(global_steps=1, partition_id="train", batch_size=2)
    assert {key: row[-1] for key, row in scores(tq, batch).items()} == {
        "a_0_0": 0.0,
        "a_1_0": 1.0,
        "b_0_0": 1.0,
        "b_1_0": 0.0,
    }
    table = pq.read_table(audit_file(runs / "offline", 1))
    assert sorted(table["prior_label"].to_pylist()) == ["4", "7"]
    assert sorted(table["pseudo_label"].to_pylist()) == ["5", "8"]
    assert one._writer.stats.off_prior == 1.0


def test_what_is_outside_the_band_is_skipped(tq, prior):
    put(tq, "a", ["5", "4", "5"])
    put(tq, "b", ["7", "8", "8"], index=1)
    rewards = "[{name:majority_vote},{name:agreement_band}]"
    batch, metrics = stage(rewards=rewards, **prior).sample(global_steps=1, partition_id="train", batch_size=2)
    assert (batch.keys, metrics["ttrl/skipped"]) == (["a_0_0", "a_1_0"], 1.0)


def test_votes_on_other_questions_stop_the_stage(runs, prior):
    (runs / "q.jsonl").write_text('{"prompt": "c"}\n')
    with pytest.raises(InputError, match="its votes are on other questions"):
        stage(reward="offline", **prior)
