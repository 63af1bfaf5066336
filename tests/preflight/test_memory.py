import json
from dataclasses import replace

import pytest
import yaml
from preflight_numbers import AIME

from ttrl_verl.composition.catalogue import part_groups, part_header
from ttrl_verl.preflight.memory import estimate
from ttrl_verl.preflight.model import Shape, count_parameters, shape_of_config

QWEN_7B = Shape(7_616_000_000, layers=28, hidden=3584, vocabulary=152064, kv_heads=4, head_dim=128)


def test_qwen_7b_on_eight_gpus_by_hand():
    needed = estimate(QWEN_7B, AIME, 80)
    assert needed.states == pytest.approx(15.232)  # 7.616 x 16 / 8
    assert needed.gathered == pytest.approx(1.088)  # 4 x 7.616 / 28
    assert needed.activity == pytest.approx(2.312, abs=1e-3)  # 7168 x 3584 x (56 + 34)
    assert needed.logits == pytest.approx(8.720, abs=1e-3)  # 7168 x 152064 x 8
    assert needed.training == pytest.approx(27.352, abs=1e-3)  # their sum
    assert needed.rollout == pytest.approx(63.232)  # 48 + 15.232
    assert needed.kv_room == pytest.approx(32.768)  # 48 - 15.232
    # A token's keys and values: 2 x 2 bytes x 28 x 4 x 128 = 57,344; a response 3584 of them, 205.5 MB.
    assert needed.kv_responses == 159
    assert needed.sampled_tokens == 8 * 64 * 3072
    assert needed.trained_tokens == 8 * 32 * 3072
    assert needed.fits


@pytest.mark.parametrize(
    ("changes", "training", "rollout", "fits"),
    [
        # TTRL's own share of 0.8: 64 + 15.232.
        ({"share": 0.8}, 27.352, 79.232, True),
        ({"share": 0.9}, 27.352, 87.232, False),
        ({"share": 0.8, "actor_leaves": True}, 27.352, 64.0, True),
        # The reference of the KL term is in the host's memory, whether there is one or not.
        ({"reference": False}, 27.352, 63.232, True),
        # vLLM keeps its 48 GB.
        ({"releases": False}, 75.352, 63.232, True),
        # A critic of 7.616 x 16 / 8 = 15.232 that stays.
        ({"critic": True, "critic_leaves": False}, 42.584, 78.464, True),
        # It leaves for vLLM and the actor; its own update: 15.232 x 2 + 1.088 + 2.312.
        ({"critic": True}, 33.864, 63.232, True),
        # vLLM elsewhere.
        ({"separate": True, "releases": False}, 27.352, 48.0, True),
    ],
)
def test_what_stays_on_the_gpu_counts(changes, training, rollout, fits):
    needed = estimate(QWEN_7B, replace(AIME, **changes), 80)
    assert (needed.training, needed.rollout) == (pytest.approx(training, abs=2e-3), pytest.approx(rollout))
    assert needed.fits is fits


def test_lora_trains_the_adapter_alone():
    needed = estimate(QWEN_7B, replace(AIME, lora_rank=32, weight_bytes=2, gpus=1), 80)
    # 7.616 x 2 + 16 x 32 x 18 x 3584 x 28 / 1e9
    assert needed.states == pytest.approx(15.232 + 0.925, abs=1e-3)


def test_weights_that_leave_no_room_do_not_fit():
    needed = estimate(QWEN_7B, replace(AIME, share=0.5, lora_rank=32, weight_bytes=2), 24)
    assert needed.kv_room == pytest.approx(12 - 15.232)
    assert needed.kv_responses == 0
    assert not needed.fits


def test_qwen_7b_has_as_many_parameters_as_it_says():
    sizes = {"layers": 28, "hidden": 3584, "intermediate": 18944, "vocabulary": 152064, "heads": 28, "kv_heads": 4}
    assert count_parameters({**sizes, "head_dim": 128, "tied": False}) == 7_615_283_200


@pytest.mark.parametrize("name", part_groups()["model"])
def test_the_parts_state_shapes_that_agree_with_their_parameters(name):
    sizes = yaml.safe_load(part_header("model", name)["sizes"])
    counted = count_parameters(sizes) / sizes["parameters"]
    # A vision tower comes on top of the language part.
    assert 0.7 < counted <= 1.0 if "vl" in name else counted == pytest.approx(1.0, abs=1e-3)


CONFIG = {
    "num_hidden_layers": 28,
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "vocab_size": 152064,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
}


@pytest.mark.parametrize("config", [CONFIG, {"text_config": CONFIG, "tie_word_embeddings": False}])
def test_a_shape_is_read_from_a_models_config(tmp_path, config):
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert shape_of_config(tmp_path / "config.json") == replace(QWEN_7B, parameters=7_615_283_200)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        "null",
        json.dumps(CONFIG | {"hidden_size": "3584"}),
        json.dumps(CONFIG | {"vocab_size": -1}),
    ],
)
def test_a_config_of_another_kind_has_no_shape(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    assert shape_of_config(tmp_path / "config.json") is None
