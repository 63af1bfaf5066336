"""GLM-4.1V: an image, two, and words alone."""

import combinations
import pytest
from conftest import train  # tests/e2e/conftest.py
from exact import differences  # tests/e2e/exact.py

from ttrl_verl.demo.digits import read_digits

pytestmark = [pytest.mark.e2e, pytest.mark.matrix, pytest.mark.timeout(1500)]

QUESTION = "Which of these does the picture show? A. or B. or C."


def test_two_steps(tmp_path, tiny_glm4v):
    digits = read_digits()
    rows = []
    for index in range(8):
        digits.picture(index).save(tmp_path / f"{index}.png")
    for index in range(8):
        shown = [f"{(index + n) % 8}.png" for n in range(index % 3)]
        row = {"prompt": "<image>" * len(shown) + QUESTION, "answer": "ABCD"[index % 4]}
        rows.append(row | ({"images": shown} if shown else {}))
    settings = [
        *combinations.SHRINK,
        "data.max_response_length=2",
        "ttrl.choices=26",
        "actor_rollout_ref.rollout.engine_kwargs.vllm.limit_mm_per_prompt.image=2",
    ]
    run = train(tmp_path, tiny_glm4v, settings, recipe="ttrv_code", questions=rows)
    assert run.series("ttrl/missing_responses") == [0.0, 0.0]
    assert max(run.series("actor/grad_norm")) > 0
    found = differences(run, tiny_glm4v)
    found.check()
    assert set(found.image_tokens) <= {0, 4, 8}
