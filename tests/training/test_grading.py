"""One response, graded, with a tokenizer whose tokens are characters."""

import pytest

from ttrl_verl.reward_fns.answers import get_answer_type
from ttrl_verl.training.grading import Grader, Lengths

EOS = 0


class Characters:
    eos_token_id = EOS

    def decode(self, token_ids, *, skip_special_tokens):
        assert skip_special_tokens
        return "".join(chr(token) for token in token_ids if token != EOS)


def grader(truncated="no_answer", *, prompt=10, response=8, context=None):
    return Grader(get_answer_type("number", choices=4), Characters(), Lengths(prompt, response, context), truncated)


def tokens(text, end=True):
    return [*map(ord, text), *([EOS] if end else [])]


@pytest.mark.parametrize(
    ("response", "cut"),
    [
        (tokens("It is 7"), False),  # 7 characters and the end token: 8, the limit, and it ended by itself
        (tokens("It is 42", end=False), True),  # 8, the limit, and no end
        (tokens("It is 7", end=False), False),  # 7: one short of the limit, whatever its last token
        (tokens("It is"), False),
    ],
)
@pytest.mark.parametrize("truncated", ["no_answer", "keep"])
def test_a_response_is_cut_off_at_the_limit_without_an_end(response, cut, truncated):
    graded = grader(truncated).grade(response, prompt_length=3)
    assert (graded["truncated"], graded["length"]) == (float(cut), len(response))


@pytest.mark.parametrize(("truncated", "answer"), [("no_answer", None), ("keep", "42")])
def test_what_was_cut_off_votes_where_the_recipe_keeps_it(truncated, answer):
    graded = grader(truncated).grade(tokens("It is 42", end=False), prompt_length=3)
    assert graded == {
        "answer": answer,
        "length": 8,
        "unparsed": float(answer is None),
        "truncated": 1.0,
        "limited": 0.0,
    }


@pytest.mark.parametrize("truncated", ["no_answer", "keep"])
def test_what_ended_votes_either_way(truncated):
    graded = grader(truncated).grade(tokens("It is 7"), prompt_length=3)
    assert (graded["answer"], graded["unparsed"], graded["truncated"]) == ("7", 0.0, 0.0)


def test_the_right_answer_of_a_response_that_was_cut_off_scores_where_it_is_kept():
    cut = tokens("It is 42", end=False)
    assert grader("no_answer").grade(cut, 3, "42")["acc"] == 0.0
    assert grader("keep").grade(cut, 3, "42.0")["acc"] == 1.0


@pytest.mark.parametrize(("label", "acc"), [("7.0", 1.0), ("8", 0.0), ("no number", 0.0)])
def test_beside_a_label_the_answer_is_scored(label, acc):
    assert grader().grade(tokens("It is 7"), 3, label)["acc"] == acc


def test_without_an_answer_nothing_is_right_not_even_a_label_that_is_no_number():
    graded = grader().grade(tokens("Hm."), 3, "no number")
    assert (graded["answer"], graded["unparsed"], graded["acc"]) == (None, 1.0, 0.0)


def test_without_a_label_nothing_is_scored():
    assert "acc" not in grader().grade(tokens("It is 7"), 3)


@pytest.mark.parametrize(
    ("prompt_length", "context", "limit"),
    [
        (3, None, 8),  # data.max_response_length
        (10, None, 8),  # a prompt at its limit
        (12, None, 6),  # two over it: what verl leaves of 10 + 8
        (3, 18, 8),  # max_model_len is the sum: it cuts nothing
        (3, 11, 8),  # just enough for this prompt
        (3, 10, 7),  # one less: the context cuts
        (9, 10, 1),
        (30, 18, 1),  # no room: vLLM refuses such a prompt
    ],
)
def test_the_limit_on_a_response(prompt_length, context, limit):
    assert Lengths(prompt=10, response=8, context=context).limit(prompt_length) == limit


def test_what_the_models_context_cuts_is_truncated():
    response = tokens("It is 4", end=False)  # 7 tokens, and 12 - 5 are left
    assert grader(context=12).grade(response, prompt_length=5)["truncated"] == 1.0
    assert grader(context=12).grade(response, prompt_length=5)["answer"] is None
    assert grader(context=12).grade(response, prompt_length=4)["truncated"] == 0.0
    assert grader(context=12).grade(tokens("It is "), prompt_length=5)["truncated"] == 0.0  # it ended
