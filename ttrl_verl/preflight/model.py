"""What is known of a model without its weights: folder, shape, chat template, tokenizer, processor."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ttrl_verl.composition.catalogue import header
from ttrl_verl.composition.places import recipes_dir
from ttrl_verl.composition.recipe import Composed
from ttrl_verl.composition.yaml_loader import BoundedLoader
from ttrl_verl.errors import InputError
from ttrl_verl.preflight import Finding
from ttrl_verl.preflight.heads import head_problem
from ttrl_verl.preflight.weights import weights_problem
from ttrl_verl.printable import one_line

_NO_TEMPLATE = "has no chat template (actor_rollout_ref.model.custom_chat_template sets one)"


@dataclass(frozen=True, slots=True)
class Shape:
    """A model's sizes, as its ``config.json`` has them; of a vision model, the language part's, and all parameters."""

    parameters: int
    layers: int
    hidden: int
    vocabulary: int
    kv_heads: int
    head_dim: int

    def trained(self, lora_rank: int) -> int:
        """Return how many parameters are trained: all, or an adapter's, about rank x 18 hidden sizes a layer."""
        # On every linear layer: rank x (in + out).
        return lora_rank * 18 * self.hidden * self.layers if lora_rank else self.parameters


def model_folder(name: str) -> Path | None:
    """Return the folder of a model on this machine: a path, or the hub's cache; ``None`` where it is in neither.

    Args:
        name: ``actor_rollout_ref.model.path``: a folder or a hub id.
    """
    own = Path(name).expanduser()
    if own.is_dir():
        return own
    try:
        from huggingface_hub import try_to_load_from_cache  # comes with transformers, where anything trains

        cache = os.environ.get("HF_HUB_CACHE")  # huggingface_hub reads it once, at its import
        found = try_to_load_from_cache(name, "config.json", cache_dir=cache)
    except (ImportError, ValueError):  # what is no hub id is nowhere
        return None
    return Path(found).parent if isinstance(found, str) else None


def has_chat_template(folder: Path) -> bool:
    """Return whether a model's folder holds a chat template, in any of the three places that there are for one."""
    if (folder / "chat_template.jinja").is_file():
        return True
    for file in (folder / "tokenizer_config.json", folder / "chat_template.json"):
        try:
            if json.loads(file.read_text(encoding="utf-8")).get("chat_template"):
                return True
        except (OSError, ValueError, AttributeError, RecursionError):
            continue
    return False


def model_shape(name: str, parts: Mapping[str, str]) -> Shape | None:
    """Return a model's shape: from its ``config.json``, else from the header of the recipe's part of it.

    Args:
        name: ``actor_rollout_ref.model.path``.
        parts: the parts that the recipe took.
    """
    folder = model_folder(name)
    if folder is not None and (found := shape_of_config(folder / "config.json")) is not None:
        return found
    said = _part_header(name, parts)
    return shape(yaml.load(said["sizes"], Loader=BoundedLoader)) if "sizes" in said else None


def shape_of(composed: Composed) -> Shape | None:
    """Return the shape of a run's model; ``None`` where it names none, or none that is known."""
    name = composed.values["actor_rollout_ref"]["model"]["path"]
    return None if name is None else model_shape(name, composed.parts)


def _part_header(name: str, parts: Mapping[str, str]) -> Mapping[str, str]:
    """Return what the recipe's part says of a model; nothing where ``model.path`` was set over the part."""
    file = recipes_dir() / "model" / f"{parts.get('model', '')}.yaml"
    if not file.is_file() or f"    path: {name}\n" not in file.read_text(encoding="utf-8"):
        return {}
    return header(file)


def model_positions(name: str, parts: Mapping[str, str]) -> int | None:
    """Return how many tokens a model has positions for: by its ``config.json``, else by the recipe's part of it.

    Args:
        name: ``actor_rollout_ref.model.path``.
        parts: the parts that the recipe took.
    """
    folder = model_folder(name)
    if folder is not None:
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            text = config.get("text_config") or config.get("llm_config") or config
            found = text.get("max_position_embeddings")
        except (OSError, ValueError, AttributeError, RecursionError):
            found = None
        return found if isinstance(found, int) and found > 0 else None
    stated = _part_header(name, parts).get("positions")
    return None if stated is None else int(stated)


def check_positions(composed: Composed) -> Iterator[Finding]:
    """Yield whether the longest sequence of a run has a position in the model for each token, and room in vLLM."""
    data, models = composed.values["data"], composed.values["actor_rollout_ref"]
    longest, context = data["max_prompt_length"] + data["max_response_length"], models["rollout"]["max_model_len"]
    if context is not None and context < longest:
        yield Finding(
            "wrong",
            "lengths",
            f"actor_rollout_ref.rollout.max_model_len is {context}; expected at least prompt and response, {longest}",
        )
    name = models["model"]["path"]
    positions = None if name is None else model_positions(name, composed.parts)
    needed = max(longest, context or 0)
    if positions is not None and needed > positions:
        yield Finding(
            "wrong",
            "lengths",
            f"prompt and response have {needed} tokens; expected at most the {positions} positions of {name} "
            "(data.max_response_length)",
        )


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


def gpu_memory(parts: Mapping[str, str]) -> float | None:
    """Return the memory of a GPU, in GB, that the recipe's part ``hardware`` is for; ``None`` where it is for none."""
    file = recipes_dir() / "hardware" / f"{parts.get('hardware', '')}.yaml"
    stated = header(file).get("gpu_memory_gb", "none") if file.is_file() else "none"
    return None if stated == "none" else float(stated)


def check_model(composed: Composed) -> Iterator[Finding]:
    """Yield whether the model is on this machine, has a chat template, and its own head in trainer and rollout."""
    model = composed.values["actor_rollout_ref"]["model"]
    name = model["tokenizer_path"] or model["path"]
    if model["path"] is None:
        said = "actor_rollout_ref.model.path is not set; add model=FOLDER or model=ORGANISATION/NAME"
        yield Finding("note", "model", said, to_do=True)
        return
    folder = model_folder(name)
    if folder is None and (name.startswith(("/", "./", "../", "~")) or name.count("/") != 1):
        yield Finding("wrong", "model", f"{name}: no such folder (actor_rollout_ref.model.path)")
    elif folder is None:
        yield Finding("note", "model", f"{name} is not on this machine yet; its chat template was not looked at")
    elif not model["custom_chat_template"] and not has_chat_template(folder):
        yield Finding("wrong", "model", f"{name}: {_NO_TEMPLATE}")
    else:
        yield Finding("ok", "model", f"{name} has a chat template")
    weights = model_folder(model["path"])
    if weights is not None and (missing := weights_problem(weights)):
        yield Finding("wrong", "model", missing)
    if weights is not None and (problem := head_problem(weights, composed.values)):
        yield Finding("wrong", "head", problem)


def load_tokenizer(model: Mapping[str, Any]) -> Any:
    """Return the model's tokenizer.

    Raises:
        InputError: the model is a path that is not there, or has no tokenizer that can be loaded, or no chat template.
    """
    name = _model_files(model)
    # Seconds of imports: nobody who only composes a recipe waits for them.
    from transformers import AutoTokenizer  # noqa: TID251

    try:
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=bool(model.get("trust_remote_code")))
    except Exception as error:  # what a broken file ends in is transformers' own affair: KeyError, TypeError, …
        raise InputError(f"{name}: its tokenizer cannot be loaded: {_said(error)}") from error
    return _with_template(tokenizer, name, model)


def load_processor(model: Mapping[str, Any]) -> Any:
    """Return the model's processor: what its images go through.

    verl's own loader says nothing where there is none, or none that it knows: a run would fail at its first image.

    Raises:
        InputError: the model is a path that is not there, or has no processor that can be loaded or that verl knows.
    """
    name = _model_files(model)
    from transformers import AutoProcessor  # noqa: TID251

    from ttrl_verl.questions.processors import KNOWN

    try:
        processor = AutoProcessor.from_pretrained(name, trust_remote_code=bool(model.get("trust_remote_code")))
    except Exception as error:  # as of the tokenizer
        raise InputError(f"{name}: its processor cannot be loaded: {_said(error)}") from error
    kind = type(processor).__name__
    if not hasattr(processor, "image_processor"):
        raise InputError(f"{name}: has no image processor; the questions have images (actor_rollout_ref.model.path)")
    if kind not in KNOWN:
        raise InputError(
            f"{name}: verl 0.9.1 does not load a {kind}; expected one of {', '.join(KNOWN)} "
            "(docs/vision.md says how another is added)"
        )
    return _with_template(processor, name, model)


def _said(error: Exception) -> str:
    words = " ".join(str(error).split())
    return one_line(words if isinstance(error, OSError | ValueError) else f"{type(error).__name__} {words}", 300)


def _model_files(model: Mapping[str, Any]) -> str:
    """Return where the model's tokenizer and processor are: a folder, or a hub's id."""
    name = model["tokenizer_path"] or model["path"]
    if name.startswith(("/", "./", "../", "~")) and not Path(os.path.expanduser(name)).is_dir():
        raise InputError(f"{name}: no such folder (actor_rollout_ref.model.path)")
    return os.path.expanduser(name)


def _with_template(loaded: Any, name: str, model: Mapping[str, Any]) -> Any:
    if model.get("custom_chat_template"):
        loaded.chat_template = model["custom_chat_template"]
    if loaded.chat_template is None:
        raise InputError(f"{name}: {_NO_TEMPLATE}")
    return loaded
