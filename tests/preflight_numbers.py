"""The numbers of TTRL's script for AIME 2024 on the eight GPUs of hardware/8x80gb."""

from ttrl_verl.preflight.batches import RunNumbers

AIME = RunNumbers(
    votes=64,
    kept=32,
    train=8,
    fetch=1,
    mini=1,
    micro=2,
    log_prob_micro=4,
    epochs=80,
    steps=None,
    prompt=512,
    response=3072,
    context=3584,
    micro_tokens=2 * 3584,
    gpus=8,
    tensor_parallel=1,
    sequence_parallel=1,
    share=0.6,
    releases=True,
    actor_leaves=False,
    critic_leaves=True,
    weight_bytes=4,
    lora_rank=0,
    reference=True,
    critic=False,
    separate=False,
)
