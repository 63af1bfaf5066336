"""Each method of the shelf trains two steps on the real verl and the real vLLM."""

import json
import math

import pytest
from conftest import QUESTIONS, train  # tests/e2e/conftest.py

from ttrl_verl.files import sha256
from ttrl_verl.record.votes_file import QuestionVotes, Source, write_votes

pytestmark = [pytest.mark.e2e, pytest.mark.matrix, pytest.mark.timeout(1800)]

SHORT = ("trainer.total_training_steps=2", "trainer.test_freq=2", "trainer.save_freq=-1", "trainer.total_epochs=2")


@pytest.mark.parametrize(
    "reward", ["novelty", "pooled", "guarded", "certainty", "relative_confidence", "forking", "scrl"]
)
def test_it_trains_two_steps(reward, tmp_path, tiny_model, monkeypatch):
    monkeypatch.setenv("TTRL_OBSERVE_ENTROPIES", "1")
    run = train(tmp_path, tiny_model, [*SHORT, f"reward.reward_manager.name={reward}"])
    assert [row["step"] for row in run.metrics if row["step"] > 0] == [1, 2]
    rows = run.record.audit().to_pylist()
    assert len(rows) == 8
    assert all(math.isfinite(value) for row in rows for value in row["rewards"])
    assert all(math.isfinite(value) for value in run.series("actor/pg_loss"))
    if reward == "certainty":
        check_entropies(run, tiny_model)


def check_entropies(run, model):
    """The first step's entropies are those of a plain forward of transformers, and the rewards are their means."""
    import torch
    from transformers import AutoModelForCausalLM

    judge = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    first = run.of_kind("entropies")[0]
    rewards = []
    for prompt, response, entropies in first["samples"]:
        with torch.no_grad():
            logits = judge(torch.tensor([prompt + response])).logits[0, len(prompt) - 1 : -1].double()
        log_probs = logits.log_softmax(-1)
        expected = -(log_probs.exp() * log_probs).sum(-1)
        assert torch.tensor(entropies).double() == pytest.approx(expected.numpy(), rel=1e-5)
        rewards.append(-float(expected.mean()))
    rows = [row for row in run.record.audit().to_pylist() if row["step"] == 1]
    assert sorted(rewards) == pytest.approx(
        sorted(row["rewards"][place] for row in rows for place in row["places"]), rel=1e-5
    )


def test_a_frozen_models_votes_train_two_steps(tmp_path, tiny_model):
    file, votes = tmp_path / "questions.jsonl", tmp_path / "votes.parquet"
    file.write_text("".join(json.dumps(row) + "\n" for row in QUESTIONS))
    # One question has a label, the others are outside the band.
    rows = [QuestionVotes(f"q:{n}", ("3", "3", "5", "7") if n < 7 else ("7",) * 4, "q") for n in range(1, 9)]
    write_votes(votes, rows, Source("m", None, "q", sha256(file), {"answer_type": "number"}))
    settings = [*SHORT, f"ttrl.prior={votes}", "ttrl.rewards=[{name:offline},{name:agreement_band}]"]
    run = train(tmp_path, tiny_model, settings)
    for row in run.record.audit().to_pylist():
        assert row["prior_label"] == ("3" if row["index"] < 6 else "7")
        assert row["rewards"] == [float(answer == row["prior_label"]) for answer in row["answers"]]
        assert (row["kept"] == 0) == (row["index"] >= 6)


@pytest.mark.parametrize("reward", ["harmonic", "crossed"])
def test_each_session_is_trained_on_the_prompt_that_it_was_asked(reward, tmp_path, tiny_model, monkeypatch):
    monkeypatch.setenv("TTRL_OBSERVE_ENTROPIES", "1")
    questions = [row | {"said": row["prompt"].replace("what is", "the answer is")} for row in QUESTIONS]
    settings = [*SHORT, f"reward.reward_manager.name={reward}", "ttrl.views=[as_written,column said]"]
    run = train(tmp_path, tiny_model, settings, questions=questions)
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    for record in run.of_kind("log_probs"):
        for key, (prompt, _, _) in zip(record["keys"], record["samples"], strict=True):
            view = int(key.rsplit("_", 2)[1]) % 2
            assert ("the answer is" in tokenizer.decode(prompt)) == (view == 1)
    assert {int(key.rsplit("_", 2)[1]) % 2 for record in run.of_kind("log_probs") for key in record["keys"]} == {0, 1}
    assert run.series("ttrl/view_1/label_accuracy")
