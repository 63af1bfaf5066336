"""The reward manager as verl's reward worker calls it; what it says of a response is ``test_grading``'s."""

import asyncio

import pytest

from ttrl_verl.composition.recipe import compose_recipe

pytestmark = [pytest.mark.verl, pytest.mark.timeout(300)]


class Characters:
    eos_token_id = 0

    def decode(self, token_ids, *, skip_special_tokens):
        return "".join(chr(token) for token in token_ids if token)


def graded(outputs, *settings, label=None):
    """Grade an agent loop's outputs, ``(prompt_length, response)`` each, in the form that verl sends them in."""
    import numpy as np
    import torch
    from verl import DataProto

    from ttrl_verl.training.reward_manager import AnswerRewardManager

    lengths = ["data.max_prompt_length=10", "data.max_response_length=8", "actor_rollout_ref.rollout.max_model_len=18"]
    manager = AnswerRewardManager(
        compose_recipe("demo_cpu", ["ttrl.answer_type=number", *lengths, *settings]), Characters()
    )
    responses = [torch.tensor(tokens) for _, tokens in outputs]
    totals = [torch.ones(prompt + len(tokens), dtype=torch.long) for prompt, tokens in outputs]
    pad = torch.nn.utils.rnn.pad_sequence
    rule = {"style": "rule", "ground_truth": label}
    data = DataProto.from_single_dict(
        {
            "responses": pad(responses, batch_first=True),
            "attention_mask": pad(totals, batch_first=True),
            "prompt_len": np.array([prompt for prompt, _ in outputs]),
            "response_len": np.array([len(tokens) for _, tokens in outputs]),
            "reward_model": np.array([rule] * len(outputs), dtype=object),
            "data_source": np.array(["q"] * len(outputs), dtype=object),
            "extra_info": np.array([{"index": 3, "origin": "q.jsonl:4"}] * len(outputs), dtype=object),
        }
    )

    async def run():
        manager.loop = asyncio.get_running_loop()
        return await manager.run_single(data)

    return asyncio.run(run())


def test_a_training_rows_response_is_graded_and_scores_nothing():
    response = [*map(ord, "It is 7"), 0]
    assert graded([(3, response)]) == {
        "reward_score": 0.0,
        "reward_extra_info": {
            "answer": "7",
            "length": 8,
            "unparsed": 0.0,
            "truncated": 0.0,
            "limited": 0.0,
            "answer_type": "",
            "data_source": "q",
            "origin": "q.jsonl:4",
        },
    }


def test_a_validation_rows_response_is_scored():
    response = [*map(ord, "It is 7"), 0]
    for label, score in (("7.0", 1.0), ("8", 0.0)):
        said = graded([(3, response)], label=label)
        assert (said["reward_score"], said["reward_extra_info"]["acc"]) == (score, score)


@pytest.mark.parametrize(("truncated", "answer"), [("no_answer", None), ("keep", "42")])
def test_the_recipes_key_says_what_a_cut_off_response_counts_for(truncated, answer):
    said = graded([(3, [*map(ord, "It is 42")])], f"ttrl.truncated={truncated}")["reward_extra_info"]
    assert (said["truncated"], said["answer"]) == (1.0, answer)


def test_the_models_context_cuts_too():
    response = [*map(ord, "It is 4")]  # 7 tokens, and 12 - 5 are left
    settings = ["ttrl.truncated=no_answer", "actor_rollout_ref.rollout.max_model_len=12"]
    said = graded([(5, response)], *settings)["reward_extra_info"]
    assert (said["truncated"], said["answer"]) == (1.0, None)


def test_of_several_outputs_the_last_is_graded_at_its_own_length():
    # The rows are padded to the longest: the last is 4 tokens of 8, after a prompt of 9, the first 8 after one of 3.
    said = graded([(3, [*map(ord, "It is 1."), 0]), (9, [*map(ord, "a 2"), 0])])["reward_extra_info"]
    assert (said["answer"], said["length"], said["truncated"]) == ("2", 4, 0.0)
