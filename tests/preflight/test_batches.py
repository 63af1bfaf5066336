from dataclasses import replace

import pytest

from ttrl_verl.preflight.batches import Batches, problems, skipped_questions, total_steps, visits

# TTRL's script for AIME 2024 on 8 GPUs.
AIME = Batches(
    votes=64,
    kept=32,
    train=8,
    fetch=1,
    mini=1,
    micro=2,
    log_prob_micro=4,
    gpus=8,
    tensor_parallel=1,
    sequence_parallel=1,
    epochs=80,
    steps=None,
)


def test_the_published_batch_fits():
    assert list(problems(AIME)) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"votes": 31}, "ttrl.votes is 31; expected at least actor_rollout_ref.rollout.n, the 32 responses kept"),
        ({"mini": 9}, "data.train_batch_size is 8; expected at least ppo_mini_batch_size, 9"),
        ({"fetch": 3}, "data.gen_batch_size is 3; expected a divisor of data.train_batch_size, 8"),
        ({"sequence_parallel": 3}, "ulysses_sequence_parallel_size is 3; expected a divisor of the 8 GPUs"),
        # 8 x 32 = 256 responses
        ({"gpus": 7}, "a step trains on 8 x 32 responses; expected a multiple of the 7 GPUs"),
        # 1 x 32 = 32 responses on 64 GPUs
        ({"gpus": 64}, "a mini-batch is 1 x 32 responses"),
        # 32 responses / 8 GPUs = 4 a GPU
        ({"micro": 3}, "ppo_micro_batch_size_per_gpu is 3; expected a divisor of the 4 responses a GPU per mini-batch"),
        # 256 responses / 8 GPUs = 32 a GPU
        ({"log_prob_micro": 5}, "log_prob_micro_batch_size_per_gpu is 5; expected a divisor of the 32 responses"),
        ({"tensor_parallel": 3}, "tensor_model_parallel_size is 3; expected a divisor of the 8 GPUs"),
    ],
)
def test_what_does_not_fit_is_named(changes, message):
    found = list(problems(replace(AIME, **changes)))
    assert len(found) == 1
    assert found[0].startswith(message)


def test_ulysses_makes_fewer_data_parallel_gpus():
    # 64 GPUs in pairs: 32 replicas, 1 response each.
    assert list(problems(replace(AIME, gpus=64, sequence_parallel=2, micro=1, log_prob_micro=1))) == []


def test_the_last_mini_batch_is_filled_with_padding():
    # 3 x 32 = 96 responses a mini-batch; 8 x 32 = 256 become 288, 36 a GPU: 4 divides it, 5 does not.
    assert list(problems(replace(AIME, mini=3))) == []
    assert "expected a divisor of the 36 responses" in next(problems(replace(AIME, mini=3, log_prob_micro=5)))


def test_where_tokens_are_counted_no_micro_batch_is():
    assert list(problems(replace(AIME, micro=0, log_prob_micro=0))) == []


@pytest.mark.parametrize(
    ("questions", "fetch", "skipped"),
    [(30, 8, 6), (30, 1, 0), (83, 8, 3), (83, 1, 0), (500, 32, 20), (30, 10, 0), (5, 8, 5)],
)
def test_questions_that_an_epoch_skips(questions, fetch, skipped):
    assert skipped_questions(questions, fetch) == skipped


@pytest.mark.parametrize(
    ("questions", "numbers", "steps", "visited"),
    [
        # The table of TTRL's scripts: 3 x 80, 10 x 30, 15 x 10 steps.
        (30, AIME, 240, 64.0),  # 240 x 8 / 30
        (83, replace(AIME, epochs=30), 300, 2400 / 83),
        (500, replace(AIME, train=32, epochs=10), 150, 9.6),  # 150 x 32 / 500
        (30, replace(AIME, steps=15), 15, 4.0),  # 15 x 8 / 30
    ],
)
def test_steps_and_visits(questions, numbers, steps, visited):
    assert total_steps(questions, numbers) == steps
    assert visits(questions, numbers) == visited
