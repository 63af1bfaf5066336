"""Whether trainer and rollout have a model's own head: for InternVL they may disagree, and the run ends with status 0.

transformers 5 has ``tie_word_embeddings`` true at the top of InternVL's configuration unless the file says otherwise,
and files of transformers 4 do not. Where the weights have a head, the trainer loads it; vLLM (0.24, config/vllm.py,
line 707) copies the top's true into the language model, ties, and leaves the head out. On a tiny model
log-probabilities are 0.25 apart.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ttrl_verl.preflight.weights import INDEX, read_header, read_object
from ttrl_verl.questions.processors import ADDED

_KEY = "tie_word_embeddings"
_HEAD = "lm_head.weight"


def head_problem(folder: Path, values: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a run's settings of the head, or ``None``.

    Args:
        folder: the model's.
        values: the composed configuration, as plain values.
    """
    config = read_object(folder / "config.json")
    if config.get("model_type") not in [one.model_type for one in ADDED.values()]:
        return None
    own = has_head(folder)
    if own is None:
        return None
    run = values["actor_rollout_ref"]
    vllm = (run["rollout"].get("engine_kwargs") or {}).get("vllm") or {}
    told = {
        f"actor_rollout_ref.model.override_config.{_KEY}": run["model"].get("override_config") or {},
        f"actor_rollout_ref.rollout.engine_kwargs.vllm.hf_overrides.{_KEY}": vllm.get("hf_overrides") or {},
    }
    wrong = [key for key, section in told.items() if section.get(_KEY, config.get(_KEY, True)) == own]
    if not wrong:
        return None
    kind = "a head of its own" if own else "its embedding as its head"
    settings = " ".join(f"++{key}={str(not own).lower()}" for key in wrong)
    return f"{folder}: its weights have {kind}, and trainer and rollout would not both take it so; add {settings}"


def has_head(folder: Path) -> bool | None:
    """Return whether a model's weights have a head beside the embedding; ``None`` where its files do not tell."""
    names = read_object(folder / INDEX).get("weight_map") or read_header(folder / "model.safetensors")
    return any(name.endswith(_HEAD) for name in names) if names else None
