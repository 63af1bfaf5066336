"""What a run needs of each GPU, and how many tokens a step samples: an estimate from shapes, before anything is loaded.

It is an upper bound where lengths are concerned (each response at its maximum) and a rule of thumb elsewhere; no
measurement on a GPU stands behind it yet. ``FORMULA`` says it in lines, and `ttrl-verl check` prints them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GB = 1e9

FORMULA = """\
P parameters, W GPUs that train, T tokens of a micro-batch = micro x (prompt + response) / sequence parallel
states    = P x (weights 4 + gradients 4 + Adam 8 bytes) / W          full training, float32 masters (FSDP)
          = P x weights (2 or 4 bytes) / W + adapter x 16 / W         LoRA
reference = P x 4 / W with a KL term, 0 with LoRA                     critic = P x 16 / W with adv_estimator gae
gathered  = 2 bytes x 2 x (P / layers)                                two layers in bfloat16 while FSDP runs
activity  = T x (2 x hidden x layers + 34 x hidden)                   checkpointed inputs, and one layer recomputed
logits    = T x vocabulary x 8                                        bfloat16, float32, and the gradient in bfloat16
training  = states + gathered + activity + logits + what of reference and critic is not offloaded
            + vLLM's share where free_cache_engine is false; of a critic's own update, if that is more
rollout   = gpu_memory_utilization x GPU + what of states, reference and critic is not offloaded
KV room   = gpu_memory_utilization x GPU - 2 x P / tensor parallel    must hold responses of 4 x layers x kv x head"""


@dataclass(frozen=True, slots=True)
class Shape:
    """A model's sizes, as its ``config.json`` has them; of a vision model, the language part's, and all parameters."""

    parameters: int
    layers: int
    hidden: int
    vocabulary: int
    kv_heads: int
    head_dim: int


@dataclass(frozen=True, slots=True)
class Setup:
    """The settings that the memory depends on.

    Attributes:
        gpus: GPUs that train.
        gpu_gb: memory of one, in GB of 1e9 bytes.
        prompt, response: the longest, in tokens.
        train, votes, kept: questions a step, responses sampled and responses trained on for each.
        micro_tokens: tokens that a GPU computes at once in an update.
        tensor_parallel: GPUs that share one copy of the model in vLLM.
        share: ``gpu_memory_utilization``.
        releases: whether vLLM gives its memory back while the actor trains, ``free_cache_engine``.
        actor_leaves, reference_leaves, critic_leaves: whether each is off the GPU while it is not at work.
        weight_bytes: of the actor's own copy, 4 in float32, 2 in bfloat16.
        lora_rank: 0 for full training.
        reference, critic: whether there is one.
        separate: whether vLLM has GPUs of its own.
    """

    gpus: int
    gpu_gb: float
    prompt: int
    response: int
    train: int
    votes: int
    kept: int
    micro_tokens: int
    tensor_parallel: int
    share: float
    releases: bool
    actor_leaves: bool
    reference_leaves: bool
    critic_leaves: bool
    weight_bytes: int
    lora_rank: int
    reference: bool
    critic: bool
    separate: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """GB on one GPU, and tokens a step. ``fits``: whether both phases stay below the GPU's memory."""

    states: float
    reference: float
    critic: float
    gathered: float
    activity: float
    logits: float
    training: float
    rollout: float
    kv_room: float
    kv_responses: int
    sampled_tokens: int
    trained_tokens: int
    fits: bool


def count_parameters(sizes: Mapping[str, Any]) -> int:
    """Return the parameters of a decoder with gated MLPs and grouped attention, biases and norms left out.

    P = layers x (2 x hidden x heads x head_dim + 2 x hidden x kv_heads x head_dim + 3 x hidden x intermediate)
        + vocabulary x hidden x (1 if tied else 2)

    Example, Qwen2.5-7B: 28 x (25,690,112 + 3,670,016 + 203,685,888) + 2 x 152,064 x 3,584 = 7,615,283,200.
    """
    hidden, head = sizes["hidden"], sizes["head_dim"]
    attention = 2 * hidden * head * (sizes["heads"] + sizes["kv_heads"])
    embedding = sizes["vocabulary"] * hidden * (1 if sizes["tied"] else 2)
    return sizes["layers"] * (attention + 3 * hidden * sizes["intermediate"]) + embedding


def shape_of_config(file: Path) -> Shape | None:
    """Return the shape in a model's ``config.json``, or ``None`` where it is not of a kind that is known here."""
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
        text = config.get("text_config") or config.get("llm_config") or config
        heads = text["num_attention_heads"]
        sizes = {
            "layers": text["num_hidden_layers"],
            "hidden": text["hidden_size"],
            "intermediate": text["intermediate_size"],
            "vocabulary": text.get("vocab_size") or config["vocab_size"],
            "heads": heads,
            "kv_heads": text.get("num_key_value_heads") or heads,
            "head_dim": text.get("head_dim") or text["hidden_size"] // heads,
            "tied": bool(config.get("tie_word_embeddings", text.get("tie_word_embeddings", False))),
        }
        if any(not isinstance(value, int) or value < 1 for key, value in sizes.items() if key != "tied"):
            return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return shape({"parameters": count_parameters(sizes), **sizes})


def shape(sizes: Mapping[str, Any]) -> Shape:
    """Return the shape that a model's part of the recipes states in its header."""
    return Shape(**{name: sizes[name] for name in Shape.__dataclass_fields__})


def setup(values: Mapping[str, Any], gpu_gb: float) -> Setup:
    """Return the settings of a composed configuration, as plain values."""
    actor, rollout = values["actor_rollout_ref"]["actor"], values["actor_rollout_ref"]["rollout"]
    data, trainer, engine = values["data"], values["trainer"], actor["fsdp_config"]
    longest = data["max_prompt_length"] + data["max_response_length"]
    fixed = (actor["ppo_micro_batch_size_per_gpu"] or 1) * longest // actor["ulysses_sequence_parallel_size"]
    return Setup(
        gpus=trainer["nnodes"] * trainer["n_gpus_per_node"],
        gpu_gb=gpu_gb,
        prompt=data["max_prompt_length"],
        response=data["max_response_length"],
        train=data["train_batch_size"],
        votes=values["ttrl"]["votes"],
        kept=rollout["n"],
        micro_tokens=actor["ppo_max_token_len_per_gpu"] if actor["use_dynamic_bsz"] else fixed,
        tensor_parallel=rollout["tensor_model_parallel_size"],
        share=rollout["gpu_memory_utilization"],
        releases=rollout["free_cache_engine"],
        actor_leaves=engine["param_offload"] and engine["optimizer_offload"],
        reference_leaves=values["actor_rollout_ref"]["ref"]["fsdp_config"]["param_offload"],
        critic_leaves=values["critic"]["fsdp"]["param_offload"] and values["critic"]["fsdp"]["optimizer_offload"],
        weight_bytes=2 if engine["model_dtype"] in ("bf16", "bfloat16", "fp16", "float16") else 4,
        lora_rank=values["actor_rollout_ref"]["model"]["lora_rank"],
        reference=actor["use_kl_loss"] or values["algorithm"]["use_kl_in_reward"],
        critic=values["algorithm"]["adv_estimator"] == "gae",
        separate=trainer["v1"]["trainer_mode"] == "separate_async",
    )


def estimate(model: Shape, run: Setup) -> Estimate:
    """Return what the run needs, by ``FORMULA``.

    Example, Qwen2.5-Math-7B (P = 7.616e9) on 8 GPUs: states 7.616 x 16 / 8 = 15.2 GB, reference 7.616 x 4 / 8 = 3.8 GB.
    """
    p, w = model.parameters, run.gpus
    if run.lora_rank:
        # An adapter on every linear layer: rank x (in + out), about 18 hidden sizes a layer.
        adapter = run.lora_rank * 18 * model.hidden * model.layers
        states = (p * run.weight_bytes + adapter * 16) / w
    else:
        states = p * (run.weight_bytes + run.weight_bytes + 8) / w
    reference = p * 4 / w if run.reference and not run.lora_rank else 0.0
    critic = p * 16 / w if run.critic else 0.0
    gathered = 2 * 2 * p / model.layers
    activity = run.micro_tokens * model.hidden * (2 * model.layers + 34)
    logits = run.micro_tokens * model.vocabulary * 8
    held = 0.0 if run.releases or run.separate else run.share * run.gpu_gb * GB
    stays = {
        "states": 0.0 if run.actor_leaves else states,
        "reference": 0.0 if run.reference_leaves else reference,
        "critic": 0.0 if run.critic_leaves else critic,
    }
    of_actor = states + stays["reference"] + stays["critic"] + logits
    of_critic = critic + stays["states"] + stays["reference"]  # its head has one output, not a vocabulary
    training = max(of_actor, of_critic) + gathered + activity + held
    beside = 0.0 if run.separate else sum(stays.values())
    rollout = run.share * run.gpu_gb * GB + beside
    kv_room = run.share * run.gpu_gb * GB - 2 * p / run.tensor_parallel
    kv_token = 2 * 2 * model.layers * model.kv_heads * model.head_dim / run.tensor_parallel
    return Estimate(
        states=states / GB,
        reference=reference / GB,
        critic=critic / GB,
        gathered=gathered / GB,
        activity=activity / GB,
        logits=logits / GB,
        training=training / GB,
        rollout=rollout / GB,
        kv_room=kv_room / GB,
        kv_responses=max(0, int(kv_room / (kv_token * (run.prompt + run.response)))),
        sampled_tokens=run.train * run.votes * run.response,
        trained_tokens=run.train * run.kept * run.response,
        fits=max(training, rollout) / GB <= run.gpu_gb and kv_room > kv_token * (run.prompt + run.response),
    )
