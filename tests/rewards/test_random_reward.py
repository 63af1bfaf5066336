import pytest

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.random_reward import random_reward


def test_a_coin_for_each_response():
    rewards = random_reward(Group(answers=("A", None) * 500), seed=1)
    assert set(rewards) == {0.0, 1.0}
    assert 400 < sum(rewards) < 600  # 500 expected, standard deviation 16
    assert random_reward(Group(answers=("A",) * 3), probability=0.0) == [0.0] * 3


def test_a_run_repeats():
    group = Group(answers=("A", "B", None) * 5)
    assert random_reward(group, seed=3) == random_reward(group, seed=3)
    assert random_reward(group, seed=3) != random_reward(group, seed=4)


def test_a_prompts_coin_is_new_at_every_visit():
    # Without the step, two answers of one prompt would earn the same at every visit: a label by accident.
    coins = {tuple(random_reward(Group(answers=("A", "B"), index=3, step=step))) for step in range(40)}
    assert coins == {(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)}
    assert random_reward(Group(answers=("A",) * 9, index=3, step=1)) != random_reward(
        Group(answers=("A",) * 9, index=4, step=1)
    )


def test_refuses_a_probability_above_one():
    with pytest.raises(ValueError, match="from 0 to 1"):
        random_reward(Group(answers=("A",)), probability=2)
