"""InternVL beyond a recipe's shrink: two workers, questions of words alone, several images, tiles, LoRA, a resume."""

import combinations
import pytest
from conftest import train  # tests/e2e/conftest.py
from exact import differences  # tests/e2e/exact.py

from ttrl_verl.demo.digits import read_digits

pytestmark = [pytest.mark.e2e, pytest.mark.matrix, pytest.mark.timeout(1500)]

INTERNVL = ("model=internvl3-2b", "data.max_response_length=2", "ttrl.choices=26")
TWO_WORKERS = ("gpus=2", "ray_kwargs.ray_init.num_gpus=2", "actor_rollout_ref.rollout.agent.num_workers=1")
QUESTION = "Which of these does the picture show? A. or B. or C."


def rows(folder, images=lambda index: 1, sizes=((56, 56),)):
    """Write eight digits, and as many questions; the index says how many images a question has."""
    digits = read_digits()
    for index in range(8):
        digits.picture(index).convert("RGB").resize(sizes[index % len(sizes)]).save(folder / f"{index}.png")
    for index in range(8):
        shown = [f"{(index + n) % 8}.png" for n in range(images(index))]
        row = {"prompt": "<image>" * len(shown) + QUESTION, "answer": "ABCD"[index % 4]}
        yield row | ({"images": shown} if shown else {})


def two_steps(folder, model, questions, *overrides):
    settings = [*combinations.SHRINK, *INTERNVL, *overrides]
    run = train(folder, model, settings, recipe="ttrv_code", questions=list(questions))
    assert run.series("ttrl/missing_responses") == [0.0] * len(run.series("ttrl/missing_responses"))
    assert max(run.series("actor/grad_norm")) > 0
    assert len([row for row in run.metrics if any(key.startswith("val-") for key in row["data"])]) > 0
    return run


def test_two_workers_whose_micro_batches_are_of_words_and_of_images(tmp_path, tiny_internvl_untied):
    # One response a micro-batch, and half of the questions are words alone: the workers differ all the time. The
    # tower learns too: all gradients are added up.
    questions = rows(tmp_path, images=lambda index: (index % 2) * 2)
    run = two_steps(
        tmp_path,
        tiny_internvl_untied,
        questions,
        *TWO_WORKERS,
        "actor_rollout_ref.actor.freeze_vision_tower=false",
        "actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=1",
        "actor_rollout_ref.rollout.engine_kwargs.vllm.limit_mm_per_prompt.image=2",
    )
    found = differences(run, tiny_internvl_untied)
    found.check()
    assert found.image_tokens in ([0, 8], [8], [0])
    assert run.series("ttrl/kept") == [16.0, 16.0]


def test_tiles_may_be_fewer_and_a_run_goes_on(tmp_path, tiny_internvl_untied):
    sizes = ((112, 56), (112, 112), (84, 168))
    fewer = ("data.mm_processor_kwargs.max_patches=2", "trainer.save_freq=2", "trainer.resume_mode=auto")
    run = two_steps(tmp_path, tiny_internvl_untied, rows(tmp_path, sizes=sizes), *fewer)
    found = differences(run, tiny_internvl_untied)
    found.check()
    assert set(found.image_tokens) <= {4, 12}
    again = two_steps(tmp_path, tiny_internvl_untied, (), *fewer, "steps=3")
    assert [row["step"] for row in again.metrics if row["step"] > 0 and "ttrl/votes" in row["data"]] == [1, 2, 3]


def test_a_lora_of_the_language_model_alone(tmp_path, tiny_internvl_untied):
    run = two_steps(
        tmp_path,
        tiny_internvl_untied,
        rows(tmp_path),
        "actor_rollout_ref.actor.freeze_vision_tower=false",
        "actor_rollout_ref.model.lora_rank=8",
        "actor_rollout_ref.model.lora_alpha=8",
        "actor_rollout_ref.model.target_modules=all-linear",
        "actor_rollout_ref.model.exclude_modules='.*(vision_tower|multi_modal_projector).*'",
        "actor_rollout_ref.rollout.load_format=safetensors",
    )
    differences(run, tiny_internvl_untied).check()


def test_two_workers_share_a_model_in_vllm(tmp_path, tiny_internvl_untied):
    run = two_steps(
        tmp_path,
        tiny_internvl_untied,
        rows(tmp_path),
        *TWO_WORKERS,
        "actor_rollout_ref.rollout.tensor_model_parallel_size=2",
        "actor_rollout_ref.rollout.engine_kwargs.vllm.distributed_executor_backend=mp",
    )
    differences(run, tiny_internvl_untied).check()
