"""Whether trainer and rollout take a model's own head, from its files and the run's settings, by hand."""

import json
import struct

import pytest

from ttrl_verl.preflight.heads import has_head, head_problem

TRAINER = "++actor_rollout_ref.model.override_config.tie_word_embeddings="
ROLLOUT = "++actor_rollout_ref.rollout.engine_kwargs.vllm.hf_overrides.tie_word_embeddings="


@pytest.fixture
def model(tmp_path):
    def write(config, *weights, index=False):
        (tmp_path / "config.json").write_text(json.dumps({"model_type": "internvl"} | config))
        if index:
            (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": dict.fromkeys(weights)}))
        else:
            header = json.dumps({name: {} for name in weights}).encode()
            (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
        return tmp_path

    return write


def settings(trainer=None, rollout=None):
    def section(value):
        return {} if value is None else {"tie_word_embeddings": value}

    return {
        "actor_rollout_ref": {
            "model": {"override_config": section(trainer)},
            "rollout": {"engine_kwargs": {"vllm": {"hf_overrides": section(rollout)}}},
        }
    }


OWN = ("language_model.lm_head.weight", "language_model.model.embed_tokens.weight")


@pytest.mark.parametrize(
    ("config", "weights", "told", "expected"),
    [
        # Files of transformers 4: the key in the text's part alone. Both have to be told.
        ({"text_config": {"tie_word_embeddings": False}}, OWN, settings(), [TRAINER + "false", ROLLOUT + "false"]),
        ({}, OWN, settings(trainer=False), [ROLLOUT + "false"]),
        ({}, OWN, settings(rollout=False), [TRAINER + "false"]),
        ({}, OWN, settings(False, False), None),
        # The file says it at the top, where both read it.
        ({"tie_word_embeddings": False}, OWN, settings(), None),
        ({"tie_word_embeddings": False}, OWN, settings(rollout=True), [ROLLOUT + "false"]),
        # The embedding is the head.
        ({}, OWN[1:], settings(), None),
        ({}, OWN[1:], settings(False, False), [TRAINER + "true", ROLLOUT + "true"]),
        # Another model, and one whose weights do not tell.
        ({"model_type": "qwen2_5_vl"}, OWN, settings(), None),
        ({}, (), settings(), None),
    ],
)
def test_the_settings_are_held_against_the_weights(config, weights, told, expected, model):
    folder = model(config, *weights)
    said = head_problem(folder, told)
    if expected is None:
        assert said is None
    else:
        assert said.startswith(f"{folder}: its weights have ")
        assert said.endswith("add " + " ".join(expected))


def test_a_model_of_several_files_is_told_by_their_index(model):
    assert has_head(model({}, *OWN, index=True)) is True
    assert has_head(model({}, *OWN[1:], index=True)) is False


@pytest.mark.parametrize("content", [b"", b"\xff" * 9, struct.pack("<Q", 2) + b"[]", struct.pack("<Q", 2**60)])
def test_weights_that_cannot_be_read_tell_nothing(content, tmp_path):
    (tmp_path / "model.safetensors").write_bytes(content)
    assert has_head(tmp_path) is None
