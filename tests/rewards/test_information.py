"""Answer information: values worked by hand, runs that learn and collapse, and where it is blind."""

import math
import random
import time

import pytest

from ttrl_verl.reward_fns.information import answer_information
from ttrl_verl.reward_fns.vote import answer_entropy

LN2 = math.log(2)


def test_two_questions_that_are_told_apart():
    # Pooled: A 2, B 2, ln 2. Within a question: 0. Of the 6 ways to deal A A B B to two questions, 2 keep them apart
    # and 4 mix them: the mean of I is ln 2 / 3, its deviation ln 2 * sqrt(1/3 * 2/3).
    found = answer_information([["A", "A"], ["B", "B"]])
    assert found.raw == pytest.approx(LN2)
    assert found.nats == pytest.approx(2 / 3 * LN2, rel=0.1)
    assert found.z == pytest.approx(2 / 3 / math.sqrt(2 / 9), rel=0.1)
    assert found.nats / found.deviation == pytest.approx(found.z)


def test_two_questions_that_are_not():
    # I is 0, and so it is less than by chance.
    found = answer_information([["A", "B"], ["B", "A"]])
    assert found.raw == pytest.approx(0, abs=1e-12)
    assert found.nats == pytest.approx(-LN2 / 3, rel=0.1)


def test_it_is_the_entropy_of_the_pool_less_the_mean_within():
    groups = [["A", "A", "B", "C"], ["B", "B", "B", "A"], ["C", "C", "A", "D"]]
    pool = [answer for group in groups for answer in group]
    by_hand = answer_entropy(pool) - sum(map(answer_entropy, groups)) / 3
    assert answer_information(groups).raw == pytest.approx(by_hand)


def test_a_response_without_an_answer_says_nothing_and_a_question_weighs_by_its_answers():
    # Pooled: A 3, B 3. Within: 0 for the first (2 answers), H(1/4, 3/4) for the second (4 answers).
    groups = [["A", "A", None, None], ["A", "B", "B", "B"], [None, None, None, None]]
    quarter = 0.25 * math.log(4) + 0.75 * math.log(4 / 3)
    assert answer_information(groups).raw == pytest.approx(LN2 - 4 / 6 * quarter)
    assert answer_information(groups).raw == answer_information(groups[:2]).raw


def test_few_votes_do_not_look_like_knowledge():
    # 24 questions of 4 random answers out of 6 each: I itself is near 1 nat, and none of it is information.
    draw = random.Random(0)
    groups = [[draw.choice("abcdef") for _ in range(4)] for _ in range(24)]
    found = answer_information(groups)
    assert found.raw > 0.5
    assert abs(found.z) < 2
    assert abs(found.nats) < 2 * found.deviation


def votes(right, wrong, share, rng, size=16):
    """A question's votes: its own answer with some probability, else the one that all share."""
    return [right if rng.random() < share else wrong for _ in range(size)]


def test_a_run_that_learns_and_one_that_collapses():
    rng = random.Random(1)
    questions = [("abcdef"[n % 6]) for n in range(24)]
    learns = [[votes(q, rng.choice("abcdef"), share, rng) for q in questions] for share in (0.4, 0.7, 0.95)]
    collapses = [[votes(q, "fish", share, rng) for q in questions] for share in (0.4, 0.1, 0.0)]
    up = [answer_information(step).nats for step in learns]
    down = [answer_information(step).nats for step in collapses]
    assert up == sorted(up)
    # All right would be ln 6 = 1.79 less chance: about (24 - 1) * (6 - 1) degrees of freedom / (2 * 384 votes) = 0.15.
    assert 1.3 < up[-1] < math.log(6) - 0.15
    assert down == sorted(down, reverse=True)
    assert down[-1] == 0.0


BLIND = {
    "no question": [],
    "one question": [["A", "B", "A"]],
    "nobody answers": [[None, None], [None]],
    "one question with answers": [["A", "B"], [None, None]],
    "one answer to everything": [["A", "A"], ["A", "A"]],
    "answers that are all different": [["A", "B"], ["C", "D"]],
}


@pytest.mark.parametrize("groups", BLIND.values(), ids=BLIND.keys())
def test_it_is_blind(groups):
    found = answer_information(groups)
    assert (found.nats, found.z, found.deviation, found.blind) == (0.0, 0.0, 0.0, True)


def test_questions_that_share_their_true_answer_look_like_a_collapse():
    # All are to be answered "yes", and 15 of 16 responses say so: right, and no information.
    groups = [["yes"] * 15 + ["no"]] * 8
    assert answer_information(groups).z < 2


def test_names_and_order_of_questions_do_not_matter_and_it_repeats():
    groups = [["A", "A", "B"], ["B", "C", "C"], ["A", "C", "C"]]
    renamed = [[f"answer {answer}" for answer in group] for group in groups]
    assert answer_information(groups) == answer_information(groups) == answer_information(renamed)
    assert answer_information(groups).raw == pytest.approx(answer_information(groups[::-1]).raw)
    assert answer_information(groups, seed=1) != answer_information(groups)


@pytest.mark.slow
def test_dealing_in_strides_is_as_good_as_shuffling():
    # 10,240 votes are dealt eight times a shuffle; fewer are shuffled each time. The same population, cut two ways.
    rng = random.Random(2)
    many = [[rng.choice("abcdefgh") for _ in range(64)] for _ in range(160)]
    spread = [answer_information(many, exchanges=96, seed=seed) for seed in range(2)]
    # A chi-square approximation: 2 N I has (160 - 1) * (8 - 1) degrees of freedom.
    freedom = 159 * 7
    for found in spread:
        assert found.raw - found.nats == pytest.approx(freedom / (2 * 10240), rel=0.05)
        assert found.deviation == pytest.approx(math.sqrt(2 * freedom) / (2 * 10240), rel=0.25)


@pytest.mark.slow
def test_a_large_step_takes_a_moment():
    rng = random.Random(3)
    groups = [[str(rng.randrange(100)) if rng.random() < 0.7 else str(n) for _ in range(64)] for n in range(1024)]
    started = time.process_time()
    found = answer_information(groups)
    assert time.process_time() - started < 5  # half a second on an idle core
    assert found.z > 100


def test_the_reach_says_whether_votes_could_tell():
    # Two questions, one vote and three: what they say is all that they could, and that is one deviation above chance.
    # Of the 4 votes that the second may have, "5" (two of them) leaves 1.04 - 3/4 ln 3 = 0.216, else 0.562: mean 0.389.
    few = answer_information([["5", "4", "5"], ["7"]])
    assert few.reach == pytest.approx(few.z)
    assert few.reach == pytest.approx(1.0, rel=0.15)
    many = answer_information([["A", "B"] * 8, ["B", "A"] * 8])
    assert many.z < 0
    # A 16, B 16: telling them apart would be ln 2 = 0.69; by chance it is about 1 / (2 * 32) = 0.016, +- 0.022.
    assert many.reach > 20
