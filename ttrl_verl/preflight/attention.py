"""Whether flash-attn is there, where the run's models ask for it: verl says so once its GPUs are taken."""

from collections.abc import Iterator

from ttrl_verl.composition.recipe import Composed
from ttrl_verl.installed import installed_version, vllm_build_is_cpu
from ttrl_verl.preflight import Finding

_DEFAULT = "flash_attention_2"  # verl's, where override_config names none (verl.workers.config.model)


def check_attention(composed: Composed) -> Iterator[Finding]:
    """Yield whether flash-attn is installed, where an attention of the run is flash-attn's."""
    models = {"actor_rollout_ref.model": composed.values["actor_rollout_ref"]["model"]}
    if composed.values["algorithm"]["adv_estimator"] == "gae":
        models["critic.model"] = composed.values["critic"]["model"]
    keys = [
        f"{key}.override_config"
        for key, model in models.items()
        if (model["override_config"] or {}).get("attn_implementation", _DEFAULT) == _DEFAULT
    ]
    if not keys:
        return
    version = installed_version("flash-attn", "flash_attn")
    if version is not None:
        yield Finding("ok", "attention", f"flash-attn {version}")
        return
    said = (
        "flash-attn is not installed, and verl asks for it: `pip install --no-build-isolation flash-attn==2.8.3` after "
        f"torch, or +{keys[0]}.attn_implementation=sdpa"
    )
    # Where vLLM is built for CPUs, GPUs are elsewhere.
    yield Finding("note" if vllm_build_is_cpu() else "wrong", "attention", said)
