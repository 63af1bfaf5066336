"""Stock verl and stock vLLM train a tiny Qwen2.5-VL on handwritten digits, with questions of words alone among them."""

import json

import pytest
from conftest import train  # tests/e2e/conftest.py
from exact import differences  # tests/e2e/exact.py

from ttrl_verl.demo.digits import read_digits
from ttrl_verl.reward_fns import Group, get_reward_fn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]

VOTES, KEPT, PROMPTS, STEPS = 6, 4, 4, 3
IMAGES, TEXTS = 6, 2
OVERRIDES = (
    "reward.reward_manager.name=empirical_entropy",
    "ttrl.reward_options={alpha:0.75,entropy_norm:none}",
    "ttrl.answer_type=choice",
    "ttrl.choices=26",
    "data.max_prompt_length=48",
    "actor_rollout_ref.rollout.max_model_len=64",
    "actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=2",  # so small that some hold words alone
    "actor_rollout_ref.actor.optim.lr=1e-3",
    "+actor_rollout_ref.rollout.engine_kwargs.vllm.limit_mm_per_prompt={image:1,video:0}",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory, tiny_vision_model):
    folder = tmp_path_factory.mktemp("vision")
    digits = read_digits()
    rows = []
    for index in range(IMAGES):
        digits.picture(index).save(folder / f"{index}.png")
        label = "ABCDEFGHIJ"[digits.labels[index]]
        rows.append(
            {
                "prompt": "<image>Which of these does the picture show? A. or B.",
                "images": f"{index}.png",
                "answer": label,
            }
        )
    rows += [{"prompt": f"Which of {index} or B.", "answer": "A"} for index in range(TEXTS)]
    return train(folder, tiny_vision_model, OVERRIDES, questions=rows)


def test_it_trains_on_images_and_on_words(run):
    assert [row["step"] for row in run.metrics] == [0, 1, 2, 3]
    assert run.series("ttrl/votes") == [float(VOTES * PROMPTS)] * STEPS
    assert run.series("ttrl/missing_responses") == [0.0] * STEPS
    assert run.series("ttrl/queue_leftover") == [0.0] * STEPS
    assert all(norm > 0 for norm in run.series("actor/grad_norm"))
    seen = [vote["index"] for record in run.of_kind("votes")[:2] for vote in record["votes"]]
    assert sorted(set(seen)) == list(range(IMAGES + TEXTS))


def test_the_rewards_are_frequency_and_entropy_of_the_groups_answers(run):
    from ttrl_verl.training.prompt_group import sessions_by_prompt

    reward = get_reward_fn("empirical_entropy", alpha=0.75, entropy_norm="none")
    earned = set()
    for votes, kept in zip(run.of_kind("votes"), run.of_kind("kept"), strict=True):
        answers = {vote["key"]: vote["answer"] for vote in votes["votes"]}
        assert {vote["reward_model"]["ground_truth"] for vote in votes["votes"]} == {None}
        for sessions in sessions_by_prompt(list(answers)):
            rewards = reward(Group(answers=tuple(answers[keys[-1]] for keys in sessions)))
            for keys, value in list(zip(sessions, rewards, strict=True))[:KEPT]:
                assert kept["scores"][kept["keys"].index(keys[-1])][-1] == pytest.approx(value, abs=1e-6)
                earned.add(round(value, 6))
    assert len(earned) > 2


def test_actor_and_rollout_are_the_model_given_the_image_that_was_asked_about(run, tiny_vision_model):
    found = differences(run, tiny_vision_model)
    found.check()
    assert found.responses == KEPT * PROMPTS
    assert found.closest > 1e-3
    assert found.image_tokens in ([4], [0, 4])


def test_the_report_shows_the_pictures(run):
    from ttrl_verl.report.write import write_report

    page = write_report(run.folder).page.read_text()
    assert page.count("<figure>") == IMAGES
    audit = run.record.audit()
    assert audit.num_rows == PROMPTS * STEPS
    assert json.loads((run.folder / "validation" / "0.jsonl").read_text().splitlines()[0])["origin"]
