import json

import pytest

from ttrl_verl.preflight.model import gpu_memory, has_chat_template, model_folder, model_shape


def test_a_folder_is_where_it_is(tmp_path):
    assert model_folder(str(tmp_path)) == tmp_path


def test_a_model_of_the_hub_is_found_in_its_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert model_folder("org/name") is None
    snapshot = tmp_path / "models--org--name" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    refs = tmp_path / "models--org--name" / "refs"
    refs.mkdir()
    (refs / "main").write_text("abc")  # as the hub writes it
    assert model_folder("org/name") == snapshot
    (refs / "main").write_text("../../../..")  # a reference does not lead out of the cache
    assert model_folder("org/name") is None


@pytest.mark.parametrize(
    ("file", "text", "there"),
    [
        ("chat_template.jinja", "{{ messages }}", True),
        ("tokenizer_config.json", json.dumps({"chat_template": "{{ messages }}"}), True),
        ("tokenizer_config.json", json.dumps({"chat_template": None}), False),
        ("tokenizer_config.json", "[]", False),
        ("tokenizer_config.json", "{", False),
        ("chat_template.json", json.dumps({"chat_template": "{{ messages }}"}), True),
        ("readme", "", False),
    ],
)
def test_a_chat_template_is_in_one_of_three_places(tmp_path, file, text, there):
    (tmp_path / file).write_text(text)
    assert has_chat_template(tmp_path) is there


def test_a_models_part_states_its_shape_and_a_path_set_over_it_does_not(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    parts = {"model": "qwen2.5-7b"}
    assert model_shape("Qwen/Qwen2.5-7B", parts).layers == 28
    assert model_shape("org/other", parts) is None
    assert model_shape("org/other", {}) is None


def test_hardware_states_its_gpus_memory():
    assert gpu_memory({"hardware": "8x80gb"}) == 80.0
    assert gpu_memory({"hardware": "cpu"}) is None
    assert gpu_memory({}) is None
