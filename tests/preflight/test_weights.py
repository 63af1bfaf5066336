"""A model's folder that is not whole is told before anything is started."""

import json
import struct

import pytest

from ttrl_verl.preflight.weights import INDEX, weights_problem

HEADER = json.dumps({"__metadata__": {"format": "pt"}, "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})
WHOLE = struct.pack("<Q", len(HEADER)) + HEADER.encode() + b"12345678"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    return tmp_path


def test_a_whole_folder_has_no_problem(folder):
    assert weights_problem(folder) is None  # weights in another format
    (folder / "model.safetensors").write_bytes(WHOLE)
    assert weights_problem(folder) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (WHOLE[:-1], f"has {len(WHOLE) - 1} bytes of {len(WHOLE)}; expected the whole file"),
        (WHOLE[: 8 + len(HEADER)], f"has {len(WHOLE) - 8} bytes of {len(WHOLE)}; expected the whole file"),
        (WHOLE[:20], "is no file of weights"),
        (b"", "is no file of weights"),
        (struct.pack("<Q", 2**63) + b"{", "is no file of weights"),
        (struct.pack("<Q", 2) + b"[]", "is no file of weights"),
        (struct.pack("<Q", 8) + b'{"a": 1}', "is no file of weights"),
    ],
)
def test_a_file_that_ended_early_is_named(folder, content, said):
    (folder / "model.safetensors").write_bytes(content)
    assert weights_problem(folder) == f"{folder}/model.safetensors: {said}"


@pytest.mark.parametrize(
    ("index", "said"),
    [
        ({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}, f"no such file; {INDEX} names it"),
        ({"weight_map": 5}, "names no files of weights"),
        ({"weight_map": {"a": 5}}, "names no files of weights"),
        ([], "names no files of weights"),
    ],
)
def test_a_file_that_the_index_names_is_there(folder, index, said):
    (folder / "model-1.safetensors").write_bytes(WHOLE)
    (folder / INDEX).write_text(json.dumps(index))
    file = "model-2.safetensors" if "no such" in said else INDEX
    assert weights_problem(folder) == f"{folder}/{file}: {said}"


def test_a_folder_without_a_configuration_is_no_models(tmp_path):
    assert weights_problem(tmp_path) == f"{tmp_path}: has no config.json; expected a model's folder"
