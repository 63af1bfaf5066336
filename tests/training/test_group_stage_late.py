"""Rewards that wait for entropies, on the real TransferQueue and in verl's own loss."""

import pyarrow.parquet as pq
import pytest
from queue_rows import put, scores, stage

from ttrl_verl.errors import InputError
from ttrl_verl.record.layout import audit_file

pytestmark = [pytest.mark.verl, pytest.mark.timeout(300), pytest.mark.usefixtures("runs")]

SYNC = {"bypass": "false"}


def trained(tq, batch, entropies):
    """Do what the trainer does between the vote and the update; return the advantages by key, and the metrics."""
    import torch
    from tensordict import TensorDict

    from ttrl_verl.training import weights

    def nested(rows):
        return torch.nested.as_nested_tensor(rows, layout=torch.jagged)

    def write(**fields):
        tq.kv_batch_put(keys=batch.keys, partition_id="train", fields=TensorDict(fields, len(batch.keys)))

    write(
        entropy=nested([torch.tensor(entropies[key]) for key in batch.keys]),
        response_mask=nested([torch.ones(3)] * len(batch.keys)),
    )

    def compute(batch, metrics):
        write(advantages=nested([torch.tensor([0.1, 0.2, 0.3]) for _ in batch.keys]))
        return batch

    metrics = {}
    weights._weighted(compute, None, (batch,), {"metrics": metrics})
    data = tq.kv_batch_get(keys=batch.keys, partition_id="train", select_fields=["advantages"])["advantages"]
    return {key: row.tolist() for key, row in zip(batch.keys, data.unbind(), strict=True)}, metrics


def test_certainty_is_written_late_and_put_on_record_once(tq, runs):
    put(tq, "a", ["5", "4", "5"])
    one = stage(reward="certainty", run="late", **SYNC)
    batch, metrics = one.sample(global_steps=1, partition_id="train", batch_size=1)
    assert {row[-1] for row in scores(tq, batch).values()} == {0.0}
    assert "ttrl/majority_ratio" not in metrics
    assert not audit_file(runs / "late", 1).exists()
    _, metrics = trained(tq, batch, {"a_0_0": [0.5, 1.0, 1.5], "a_1_0": [2.0, 2.0, 2.0]})
    assert scores(tq, batch) == {"a_0_0": [0.0, 0.0, -1.0], "a_1_0": [0.0, 0.0, -2.0]}
    assert metrics["ttrl/majority_ratio"] == pytest.approx(2 / 3)
    (row,) = pq.read_table(audit_file(runs / "late", 1)).to_pylist()
    assert (row["rewards"], row["places"]) == ([-1.0, -2.0, 0.0], [0, 1])
    one._writer.close()


def test_a_masks_zeros_are_the_advantages(tq):
    put(tq, "a", ["5", "4", "5"])
    one = stage(reward="forking", **SYNC)
    batch, _ = one.sample(global_steps=1, partition_id="train", batch_size=1)
    advantages, _ = trained(tq, batch, {"a_0_0": [0.5, 1.0, 1.5], "a_1_0": [2.0, 1.0, 0.0]})
    assert advantages == {"a_0_0": [0.0, 0.0, pytest.approx(0.3)], "a_1_0": [pytest.approx(0.1), 0.0, 0.0]}
    one._writer.close()


def test_weights_of_1_change_no_bit(tq):
    import torch

    found = []
    for uid, reward, options in (("a", "forking", "{share:1.0}"), ("b", "certainty", "null")):
        put(tq, uid, ["5", "4", "5"])
        one = stage(reward=reward, reward_options=options, **SYNC)
        batch, _ = one.sample(global_steps=1, partition_id="train", batch_size=1)
        advantages, _ = trained(tq, batch, {key: [0.5, 1.0, 1.5] for key in batch.keys})
        found.append(torch.tensor(list(advantages.values())))
        tq.kv_clear(keys=[*batch.keys, uid], partition_id="train")
        one._writer.close()
    assert torch.equal(*found)


def test_a_masked_token_has_no_gradient_in_verls_loss():
    import torch
    from omegaconf import OmegaConf
    from verl.trainer.ppo.core_algos import compute_policy_loss_vanilla
    from verl.workers.config import FSDPActorConfig

    old = torch.tensor([[-1.0, -2.0, -0.5]])
    now = (old + 0.05).requires_grad_()
    weighted = torch.tensor([[0.0, 0.7, 0.0]])
    config = FSDPActorConfig(strategy="fsdp2", rollout_n=1, ppo_micro_batch_size_per_gpu=1, optim=OmegaConf.create({}))
    loss, _ = compute_policy_loss_vanilla(old, now, weighted, torch.ones(1, 3), "token-mean", config)
    loss.backward()
    assert now.grad[0, 0] == now.grad[0, 2] == 0.0
    assert now.grad[0, 1] != 0.0


def test_bypass_mode_is_refused_in_one_line():
    with pytest.raises(InputError, match=r"the reward certainty needs entropies: trainer_mode=sync and .*=false"):
        stage(reward="certainty", bypass="true")
