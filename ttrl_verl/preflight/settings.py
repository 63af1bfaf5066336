"""Settings that do nothing, or harm, with the group stage: verl takes each without a word."""

from collections.abc import Iterator, Mapping
from typing import Any

from ttrl_verl.composition.recipe import Composed
from ttrl_verl.preflight import Finding
from ttrl_verl.preflight.config_types import value_at

_REFUSED = {
    "trainer.v1.sampler.sync_refill_failed_groups": (True, "verl hands it to no sampler of others"),
    "trainer.use_v1": (False, "the older trainer has no group stage, and every reward would be 0"),
    "reward.reward_model.enable": (True, "no answer would be found in a response: a reward model takes its place"),
}
"""Keys, the value that is refused, and why."""

_LOOK_AT_NO_VOTE = ("random", "constant")

FLASH = "flash_attention_2"
"""verl's own attention, where a recipe names none."""


def check_settings(composed: Composed) -> Iterator[Finding]:
    """Yield the settings that this run would not obey, or that would spoil it."""
    several = composed.ttrl.rewards
    names = [one.name for one in several] if several else [composed.values["reward"]["reward_manager"]["name"]]
    told = [
        *_shared_sequences(composed.values),
        *_ignored(composed.values),
        *_filtered_late(composed),
        *_dynamic(composed.values),
        *_multiplicative(composed),
    ]
    votes, kept = composed.ttrl.votes, composed.values["actor_rollout_ref"]["rollout"]["n"]
    if votes > kept and composed.ttrl.keep == "first" and all(name in _LOOK_AT_NO_VOTE for name in names):
        told.append(
            f"ttrl.votes is {votes}; the reward {names[0]} looks at no vote: expected the {kept} kept (votes={kept})"
        )
    yield from (Finding("wrong", "settings", said) for said in told)
    yield from (Finding("warn", "settings", said) for said in _drawn_anew(composed.values))


def _ignored(values: Mapping[str, Any]) -> Iterator[str]:
    for key, (refused, why) in _REFUSED.items():
        if value_at(values, key) is refused:
            yield f"{key} is {str(refused).lower()}; expected {str(not refused).lower()}: {why}"
    filters = value_at(values, "algorithm.filter_groups") or {}
    if filters.get("enable") and filters.get("metric") not in (None, "reward"):
        yield (
            f"algorithm.filter_groups.metric is {filters['metric']}; expected reward, of which alone the vote knows "
            "before a step is trained"
        )
    key = "reward.custom_reward_function.path"
    if value_at(values, key) is not None:
        yield f"{key} is set, and nothing reads it; a reward of one's own is reward=FILE.py:FUNCTION (docs/extend.md)"


def _filtered_late(composed: Composed) -> Iterator[str]:
    """Groups are filtered at the vote; a reward that waits for entropies is known after it."""
    if not value_at(composed.values, "algorithm.filter_groups.enable"):
        return
    for bound, _ in composed.ttrl.build_rewards(composed.values["reward"]["reward_manager"]["name"]):
        if bound.reward.late:
            yield (
                f"algorithm.filter_groups.enable is true; expected false with the reward {bound.name}, which is known "
                "only when the groups have been chosen"
            )


def _shared_sequences(values: Mapping[str, Any]) -> Iterator[str]:
    """verl says the first when its workers load their models, and the second never: what it trains is then wrong."""
    models = values["actor_rollout_ref"]
    shared = models["actor"]["ulysses_sequence_parallel_size"]
    if shared > 1 and not models["model"]["use_remove_padding"]:
        yield (
            f"actor_rollout_ref.actor.ulysses_sequence_parallel_size is {shared}; expected 1 where "
            "actor_rollout_ref.model.use_remove_padding is false: verl shares sequences without padding alone"
        )
    attention = (models["model"]["override_config"] or {}).get("attn_implementation", FLASH)
    if shared > 1 and attention != FLASH:
        # verl.models.transformers.monkey_patch (0.9.1) exchanges heads between ranks in flash-attn's function alone.
        yield (
            f"actor_rollout_ref.actor.ulysses_sequence_parallel_size is {shared}; expected 1 with the attention "
            f"{attention}: verl shares sequences in {FLASH}, and with another each GPU attends to its own part alone"
        )


def _dynamic(values: Mapping[str, Any]) -> Iterator[str]:
    """A micro-batch that counts tokens must hold the longest sequence: verl says so after the first generation."""
    data, models = values["data"], values["actor_rollout_ref"]
    longest = data["max_prompt_length"] + data["max_response_length"]
    keys = {
        "actor.ppo_max_token_len_per_gpu": "actor.use_dynamic_bsz",
        "rollout.log_prob_max_token_len_per_gpu": "rollout.log_prob_use_dynamic_bsz",
        "ref.log_prob_max_token_len_per_gpu": "ref.log_prob_use_dynamic_bsz",
    }
    shared = models["actor"]["ulysses_sequence_parallel_size"]
    for key, switch in keys.items():
        held = value_at(models, key)
        if value_at(models, switch) and held is not None and held * shared < longest:
            yield (
                f"actor_rollout_ref.{key} is {held}; expected at least a prompt and a response, {-(-longest // shared)}"
            )


def _drawn_anew(values: Mapping[str, Any]) -> Iterator[str]:
    """A subset drawn without a seed is another one at the next start, and rows on record are then other questions."""
    data = values["data"]
    if data["train_max_samples"] > 0 and data["shuffle"] and data["seed"] is None:
        yield (
            f"data.train_max_samples is {data['train_max_samples']} and data.seed is null: each start would draw other "
            "questions; expected a seed (seed=0), or data.shuffle=false for the first ones"
        )


def _multiplicative(composed: Composed) -> Iterator[str]:
    """A factor that is the same for a whole group cancels where the group's deviation is divided by."""
    algorithm, options = composed.values["algorithm"], composed.ttrl.reward_options or {}
    divides = algorithm["adv_estimator"] == "grpo" and algorithm["norm_adv_by_std_in_grpo"]
    if options.get("multiplicative") and divides:
        yield (
            "algorithm.norm_adv_by_std_in_grpo is true; expected false with ttrl.reward_options.multiplicative: the "
            "division by the deviation cancels the factor"
        )
