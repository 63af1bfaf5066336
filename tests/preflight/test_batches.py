from dataclasses import replace

import pytest
from preflight_numbers import AIME

from ttrl_verl.preflight.batches import check_epochs, problems, skipped_questions, total_steps, visits


def test_the_published_batch_fits():
    assert list(problems(AIME)) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
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
        # 16 divides a step's 32, but separate_async goes through them mini-batch by mini-batch, 4 a GPU.
        (
            {"log_prob_micro": 16, "separate": True},
            "log_prob_micro_batch_size_per_gpu is 16; expected a divisor of the 4 responses a GPU per mini-batch",
        ),
        ({"tensor_parallel": 3}, "tensor_model_parallel_size is 3; expected a divisor of the 8 GPUs"),
    ],
)
def test_what_does_not_fit_is_named(changes, message):
    found = list(problems(replace(AIME, **changes)))
    assert len(found) == 1
    assert found[0].startswith(message)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        # 12 x 1 = 12 responses trained on, of 12 x 64 = 768 sampled: 8 divides the votes and not what is kept.
        (
            {"kept": 1, "train": 12, "mini": 8, "micro": 1},
            "a step trains on 12 x 1 responses; expected a multiple of the",
        ),
        # 8 x 3 = 24 kept divide among 8 GPUs, and 4 x 3 = 12 of a mini-batch do not, although 4 x 64 votes would.
        ({"kept": 3, "mini": 4, "micro": 1}, "a mini-batch is 4 x 3 responses"),
        # 8 x 5 = 40 responses, 5 a GPU: a micro-batch of 4 would divide 8 x 64 / 8 votes.
        (
            {"kept": 5, "mini": 8, "micro": 4, "log_prob_micro": 5},
            "ppo_micro_batch_size_per_gpu is 4; expected a divisor of the 5",
        ),
        (
            {"kept": 5, "mini": 8, "micro": 5, "log_prob_micro": 4},
            "log_prob_micro_batch_size_per_gpu is 4; expected a divisor of the 5",
        ),
    ],
)
def test_what_is_kept_is_divided_and_not_what_is_sampled(changes, message):
    (found,) = problems(replace(AIME, **changes))
    assert found.startswith(message)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"train": 0}, "data.train_batch_size is 0"),
        ({"mini": 0}, "actor_rollout_ref.actor.ppo_mini_batch_size is 0"),
        ({"kept": 0}, "actor_rollout_ref.rollout.n is 0"),
        ({"gpus": 0}, "trainer.nnodes x trainer.n_gpus_per_node is 0"),
        ({"tensor_parallel": -1}, "tensor_model_parallel_size is -1"),
    ],
)
def test_none_of_something_is_refused_and_nothing_is_divided_by_it(changes, key):
    assert list(problems(replace(AIME, **changes))) == [f"{key}; expected at least 1"]


@pytest.mark.parametrize(
    ("questions", "most", "said"),
    [
        (7, -1, "data.train_files has 7 questions; expected at least data.train_batch_size, 8"),
        (8, -1, "80 steps, each question visited 80 times"),
        (30, 7, "data.train_max_samples is 7; expected at least data.train_batch_size, 8"),
        (7, 30, "data.train_files has 7 questions; expected at least data.train_batch_size, 8"),
        (30, 8, "80 steps, each question visited 80 times"),  # 80 epochs of one step; 80 x 8 / 8
    ],
)
def test_the_questions_that_are_used_fill_a_step(questions, most, said):
    assert [finding.said for finding in check_epochs(questions, most, AIME)] == [said]


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
