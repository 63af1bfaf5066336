"""What a run needs of each GPU, and how many tokens a step samples: an estimate from shapes, before anything is loaded.

It is an upper bound where lengths are concerned (each response at its maximum) and a rule of thumb elsewhere; no
measurement on a GPU stands behind it yet. ``FORMULA`` says it in lines, and `ttrl-verl check` prints them.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from ttrl_verl.composition.recipe import Composed
from ttrl_verl.preflight import Finding
from ttrl_verl.preflight.batches import RunNumbers, run_numbers
from ttrl_verl.preflight.model import Shape, gpu_memory, model_positions, shape_of

GB = 1e9

FORMULA = """\
P parameters, W GPUs that train, T tokens of a micro-batch = micro x (prompt + response) / sequence parallel
states    = P x (weights 4 + gradients 4 + Adam 8 bytes) / W          full training, float32 masters (FSDP)
          = P x weights (2 or 4 bytes) / W + adapter x 16 / W         LoRA
reference = 0: verl keeps what only computes forward in the host's    critic = P x 16 / W with adv_estimator gae
            memory, a layer at a time comes to the GPU
gathered  = 2 bytes x 2 x (P / layers)                                two layers in bfloat16 while FSDP runs
activity  = T x (2 x hidden x layers + 34 x hidden)                   checkpointed inputs, and one layer recomputed
logits    = T x vocabulary x 8                                        bfloat16, float32, and the gradient in bfloat16
training  = states + gathered + activity + logits + a critic that is not offloaded
            + vLLM's share where free_cache_engine is false; of a critic's own update, if that is more
rollout   = gpu_memory_utilization x GPU + what of states and critic is not offloaded
KV room   = gpu_memory_utilization x GPU - 2 x P / tensor parallel    must hold responses of 4 x layers x kv x head"""


@dataclass(frozen=True, slots=True)
class Estimate:
    """GB on one GPU, and tokens a step. ``fits``: whether both phases stay below the GPU's memory."""

    states: float
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


def estimate(model: Shape, run: RunNumbers, gpu_gb: float) -> Estimate:
    """Return what the run needs, by ``FORMULA``.

    Example, Qwen2.5-Math-7B (P = 7.616e9) on 8 GPUs: states 7.616 x 16 / 8 = 15.2 GB.
    """
    p, w = model.parameters, run.gpus
    if run.lora_rank:
        states = (p * run.weight_bytes + model.trained(run.lora_rank) * 16) / w
    else:
        states = p * (run.weight_bytes + run.weight_bytes + 8) / w
    critic = p * 16 / w if run.critic else 0.0
    gathered = 2 * 2 * p / model.layers
    activity = run.micro_tokens * model.hidden * (2 * model.layers + 34)
    logits = run.micro_tokens * model.vocabulary * 8
    held = 0.0 if run.releases or run.separate else run.share * gpu_gb * GB
    stays = {
        "states": 0.0 if run.actor_leaves else states,
        "critic": 0.0 if run.critic_leaves else critic,
    }
    of_actor = states + stays["critic"] + logits
    of_critic = critic + stays["states"]  # its head has one output, not a vocabulary
    training = max(of_actor, of_critic) + gathered + activity + held
    beside = 0.0 if run.separate else sum(stays.values())
    rollout = run.share * gpu_gb * GB + beside
    kv_room = run.share * gpu_gb * GB - 2 * p / run.tensor_parallel
    kv_token = 2 * 2 * model.layers * model.kv_heads * model.head_dim / run.tensor_parallel
    return Estimate(
        states=states / GB,
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
        fits=max(training, rollout) / GB <= gpu_gb and kv_room > kv_token * (run.context or run.prompt + run.response),
    )


def check_memory(composed: Composed) -> Iterator[Finding]:
    """Yield the estimate of a GPU's memory and of a step's tokens."""
    needed = memory_of(composed)
    if needed is None:
        yield Finding("note", "memory", "not estimated: no GPU's size, or not the model's shape, is known")
        return
    size = gpu_memory(composed.parts)
    yield Finding(
        "ok" if needed.fits else "warn",
        "memory",
        f"about {needed.training:.0f} GB to train and {needed.rollout:.0f} GB to generate, of {size:.0f} GB a GPU; "
        f"room for {needed.kv_responses} responses of full length at once (--formula says how)",
    )
    yield Finding(
        "ok",
        "tokens",
        f"at most {needed.sampled_tokens:,} sampled and {needed.trained_tokens:,} trained on in a step",
    )


def memory_of(composed: Composed) -> Estimate | None:
    """Return the estimate, or ``None`` where the GPU's size or the model's shape is not known."""
    size = gpu_memory(composed.parts)
    name = composed.values["actor_rollout_ref"]["model"]["path"]
    shape = shape_of(composed)
    return None if size is None or shape is None else estimate(shape, _numbers(composed, name), size)


def _numbers(composed: Composed, name: str) -> RunNumbers:
    """Return the run's numbers; where ``max_model_len`` is null, vLLM takes all the positions that the model has."""
    numbers = run_numbers(composed.values)
    return replace(numbers, context=numbers.context or model_positions(name, composed.parts))


def formula(composed: Composed) -> str:
    """Return the estimate's formula, with this run's terms in GB below it."""
    needed = memory_of(composed)
    if needed is None:
        return FORMULA
    terms = {name: value for name, value in asdict(needed).items() if isinstance(value, float)}
    return FORMULA + "\n" + ", ".join(f"{name} {value:.1f}" for name, value in terms.items()) + " GB"
