"""Sentences of the words that answers are read by, in any order: no exception, and every answer is its own form."""

import random

import pytest

from ttrl_verl.reward_fns.answers import get_answer_type

PIECES = r"""
    A B C D Z I (A) (b) option choice answer is the are not neither nor either I We you would could
    might be or and but so because since if unless only except all of them wrong correct true false too
    also 5 12 3.5 1,000 1/2 $5 5% half dozen three million point twenty seven times plus minus - + * × =
    ≈ < > ≥ ± ^2 squared in to from between at least more than per each which who The It yes no maybe
    northwest north-west west St. Lucia Ans ans: Answer: Final "answer": { } \boxed{ <answer> </answer>
    <b> </b> \frac{1}{2} ° ' " ~ | / : ; , . ? ! … → 3:15 5'11" March 3 2021 COVID-19 MP3 A5 e.g. i.e. x
    = y 2x 1) 2. was written by called Paris 北京 是 答案 选 有 个 ， 。
""".split()  # noqa: SIM905 - easier to scan as text
SEED = 7
TYPES = {
    "number": get_answer_type("number"),
    "text": get_answer_type("text"),
    "letters": get_answer_type("choice", choices=26),
    "words": get_answer_type("choice", choices=["yes", "no", "neither", "north", "west", "northwest", "St. Lucia"]),
}


def sentences(seed: int, count: int):
    """Yield sentences, every second one behind a word for "answer"."""
    generator = random.Random(seed)
    for number in range(count):
        pieces = (
            generator.choice(PIECES) + generator.choice((" ", " ", "", "\n")) for _ in range(generator.randrange(1, 25))
        )
        yield ("Answer: " if number % 2 else "") + "".join(pieces)


@pytest.mark.parametrize("name", TYPES)
def test_any_sentence_is_read_and_its_answer_is_its_own_form(name):
    for sentence in sentences(SEED, 3_000):
        found = TYPES[name].answer(sentence)
        assert found is None or TYPES[name].canonicalize(found) == found, sentence
