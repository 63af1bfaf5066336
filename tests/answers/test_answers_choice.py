# ruff: noqa: E501 - the lists are easier to scan than to read
"""Letters and words of options. Names that begin with test_defect_ are inputs that the originals' graders got wrong."""

import random
import string
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ttrl_verl.reward_fns.answers import get_answer_type
from ttrl_verl.reward_fns.answers.choice.letter import canonical_letter, extract_letter, letters
from ttrl_verl.reward_fns.answers.choice.words import canonical_word, extract_word, words

# No deadline: a busy machine is no failure.
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

FOUR = get_answer_type("choice")


# What TTRV's and TTRL's last-standalone-letter rule reads: A, B, A, C, A, A, A.
def test_defect_option_text_that_is_a_letter():
    assert FOUR.answer("C. A<|im_end|>") == "C"


def test_defect_option_text_that_is_a_small_letter():
    assert FOUR.answer("D. b") == "D"


def test_defect_article_after_the_letter():
    assert FOUR.answer("C. a producer") == "C"


def test_defect_letter_at_the_end_of_the_option_text():
    assert FOUR.answer("B. vitamin C") == "B"


def test_defect_article_is_no_option():
    assert FOUR.answer("I think it is a cat") is None


def test_defect_other_option_is_discussed_after_the_answer():
    assert FOUR.answer("The answer is B because A is wrong") == "B"


def test_defect_article_after_the_box():
    assert FOUR.answer(r"\boxed{C}. That is a fact") == "C"


def test_defect_special_token_kept_in_the_answer():
    five = get_answer_type("choice", choices=5)
    assert five.answer("E<|im_end|>") == five.canonicalize("E") == "E"


def test_defect_options_past_the_fourth_cannot_be_scored():
    six = get_answer_type("choice", choices=6)
    assert six.answer("The answer is F.") == "F"
    assert FOUR.answer("The answer is F.") is None


def test_defect_junk_merges_into_one_answer():
    assert [FOUR.answer(junk) for junk in (".<|im_end|>", "<|im_end|>", "", "#######", "]B")] == [None] * 5


def test_defect_unparsable_text_becomes_the_answer():
    assert FOUR.answer("The picture shows woven cloth.") is None


def test_defect_key_in_parentheses_cannot_be_scored():
    assert FOUR.canonicalize("(B)") == "B"


def test_defect_key_of_two_options_is_none():
    assert FOUR.canonicalize("C\nD") is None


@pytest.mark.parametrize(
    "response",
    [
        "C", "C.", "(C)", "[C]", "{C}", "**C**", "__C__", "*C*", "`C`", '"C"', "“C”", "# C", "- C", "> C", "(c)",
        "C. a producer", "C) dog", "C: dog", "(C) dog", "**C.** a producer", "**C) dog**", "C - dog", "Option C: dog",
        "C. a producer\nBecause it makes its own food.",
        r"\boxed{C}", r"\boxed{c}", r"\boxed{(C)}", r"\boxed{\text{C}}", r"\boxed{\textbf{(C)}~12}", r"\fbox{C}",
        r"\boxed{\text{C. dog}}", r"\boxed{\mathrm{C}}", r"\boxed{Option C}",
        r"$\boxed{(C)\ \text{dog}}$", r"\boxed{C.}",
        r"\boxed{42}, so the answer is C.", r"\boxed{B}, but wait: \boxed{C}",
        "The answer is C", "The answer is C.", "the correct answer is (C)", "The answer is **C**.", "The answer is $C$",
        r"The answer is $\text{C}$.", r"The answer is \(C\).", "The answer is (c).", "The answer is 'C'", "ANSWER: C",
        "Answer: C", "**Answer:** C", "**Answer: C**", "**Answer:** **C**", "Answer:\n\nC",
        "### Answer\nC", "Answer - C",
        "The answer is option C", "The answer choice is C", "The correct option is C", "The best choice would be: C",
        "The correct answer to the question is C", "Answer: C - dog", "The answer is C, which is a dog",
        "The answer is C (a dog)", "The answer is C\nbecause it barks", "The answer is C. All of A, B and D are wrong",
        "The answer is C and B is wrong", "Answer: (C) and not (A)", "<answer>C</answer>", "The answer: **C** dog",
        "Final Answer: The final answer is $\\boxed{C}$. I hope it is correct.", "The answer, C, follows.",
        "So I choose option C.", "I pick C", "I'd go with C.", "Therefore C is correct.", "Hence (C).", "It must be C.",
        "A. cat\nB. dog\nC. bird\nD. fish\n\nC", "A. cat\nB. dog\nC. bird\nD. fish\nAnswer: C",
        "Option A is old, option B is new.\nThe correct option is C.",
        "The answer is therefore C.", "The answer is most likely (C).", "The correct statement is C.",
        "C because it barks",
        "**Final Answer:** \n\n(C) 5.4 eV", "The correct answer is **(C) 5.4 eV**.",
        "Option (C) is the correct choice.",
        "The answer is B. Wait, no: the answer is C.", "<think>A, no, B</think>C",
        "\N{FULLWIDTH LATIN CAPITAL LETTER C}", "\N{CIRCLED LATIN CAPITAL LETTER C}", "\N{MATHEMATICAL BOLD CAPITAL C}",
        "The answer is \N{CYRILLIC CAPITAL LETTER ES}.", "The answer is \u200bC\u200b.", "  C  \n\n", "C\r\n",
    ],
)  # fmt: skip
def test_settles_on_c(response):
    assert FOUR.answer(response) == "C"


@pytest.mark.parametrize(
    "response",
    [
        "", " ", "A cat", "The answer is a", "the answer is a cat", "The answer is A cat", "a) or so",
        "E", "(E)", "Answer: E", r"\boxed{E}", r"\boxed{BC}", r"\boxed{B, C}", r"\boxed{B or C}",
        r"\boxed{(B) and (C)}",
        r"\boxed{B} or \boxed{C}", r"\boxed{}", r"\boxed{vitamin C}", r"\boxed{a producer}",
        "The answer is B or C", "The answer is (A) and (B)", "The answer is A/B", "The answer is A. The answer is B.",
        "Answer: A\nAnswer: B", "The answer is not B", "It is not option C.", "The answer is A/B testing",
        "A. cat\nB. dog\nC. bird\nD. fish", "A. cat B. dog C. bird D. fish", "Options: A. cat B. dog", "Both B and C.",
        "Vitamin C\nVitamin A", "The U.S.A.", "The answer is B-cells", "The answer is C++", "ABCD", "A B C D",
        "<think>The answer is C", "I think so",
    ],
)  # fmt: skip
def test_settles_on_none(response):
    assert FOUR.answer(response) is None


def test_every_letter_up_to_26():
    for count in range(2, 27):
        last = letters(count)[-1]
        kind = get_answer_type("choice", choices=count)
        assert kind.answer(f"The answer is {last}.") == kind.answer(f"{last}. text") == kind.canonicalize(last) == last


def test_with_26_letters_i_is_a_pronoun():
    kind = get_answer_type("choice", choices=26)
    assert kind.answer("The answer is I think C, no idea") == "C"
    assert kind.answer("The answer is (I).") == "I"


@pytest.mark.parametrize("count", [1, 0, -1, 27, True])
def test_refuses_a_number_of_options(count):
    with pytest.raises(ValueError, match="expected 2 to 26"):
        get_answer_type("choice", choices=count)


@pytest.mark.parametrize("choices", [["yes"], ["yes", "Yes "], ["yes", ""], "yes", [1, 2]])
def test_refuses_words(choices):
    with pytest.raises(ValueError, match="words"):
        get_answer_type("choice", choices=choices)


def test_word_is_the_one_that_is_concluded():
    kind = get_answer_type("choice", choices=["yes", "no"])
    assert kind.answer("No. Yes would be wrong.") == "no"
    assert kind.answer("**YES**") == "yes"
    assert kind.answer("I know nothing of it") is None  # "no" within a word
    assert kind.answer("yes or no? \\boxed{no}") == "no"


def test_longer_word_wins_over_its_part():
    names = words(["America", "South America"])
    assert extract_word("In SOUTH\n America.", names) == "south america"
    assert canonical_word("South  America!", names) == "south america"
    assert canonical_word("Africa", names) is None


def test_words_of_other_alphabets_keep_their_case_rules():
    kind = get_answer_type("choice", choices=["Да", "Нет"])
    assert kind.answer("нет") == kind.answer("НЕТ") == kind.canonicalize("Нет") == "нет"


@quick
@given(st.text(alphabet=string.printable + "\\{}АС“”é", max_size=200))
def test_any_text_gives_an_option_or_none(text):
    found = extract_letter(text, "ABCD")
    assert found is None or found in "ABCD"
    assert found is None or canonical_letter(found, "ABCD") == found


@quick
@given(st.sampled_from("ABCD"), st.text(alphabet=string.printable + "АС“”é", max_size=60))
def test_a_box_at_the_end_decides(letter, before):
    assert extract_letter(before.replace("boxed", "") + f"\n\\boxed{{{letter}}}", "ABCD") == letter


BAIT = [
    " ", "\n", "answer ", "answer is ", "answer is A ", "answer is A or ", "answer to ", "(", "(A ", "(A) ", "*", "**A",
    "\\boxed{", "\\boxed{A} ", "A.\n", "A. x\nB. y\n", "option ", "and A ", "\\text{", "$A$ ", "Ｃ ", "(A).....", "#",
    "answer\n", "best choice is ", "a\u0316\u0300", "\u0316\u0300", "answer is A wait answer is B ", "é",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("bait", BAIT)
def test_time_is_linear_in_the_text(bait):
    # Ten times the text may take ten times as long, not a hundred; the constant leaves room for a busy machine.
    def seconds(size):
        text = (bait * (size // len(bait) + 1))[:size]
        start = time.process_time()
        extract_letter(text, "ABCD")
        extract_word(text, ("yes", "no"))
        return time.process_time() - start

    assert seconds(100_000) < 25 * seconds(10_000) + 0.05


@pytest.mark.slow
def test_a_megabyte_is_quick():
    noise = random.Random(0).choices("answer is (A) B. \\boxed{ option C\n*", k=1_000_000)
    start = time.process_time()
    extract_letter("".join(noise), "ABCD")
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    "response",
    [
        "c", "c.", "'c'", "✅ **C. dog**", "∴ C", "| Answer | C |", '{"answer": "C"}', "{'choice': '(C)'}", "<choice>C</choice>",
        "answer: c", "The answer is c.", "Answer C", "the letter is C.", "My choice would be C.", "Therefore, C.", "It is C.",
        "Option C fits best.", "Eliminating A, B and D leaves C.", "By elimination, C.", "(C) holds.", r"so $\textbf{(C)}\ 12$",
        "A common wrong answer is B. The answer is C.", "The correct answer is not A but C.", "If the answer is A, no. The answer is C.",
        "The answer is A. However, x > 0, so the answer is C.", "A) No\nB) No\nC) Yes\nD) No\nSo C is correct.",
        "C. dog\n\nExplanation: A. is wrong.", "C\n\nQuestion: next?\nA. x\nB. y\nAnswer: B", "Answer: C\n\nHuman: ok\n\nAssistant: B",
        "答案是C。", "故选：C．", "选C", "应选C", "正确选项为 C。", "【答案】C", "选项C是正确的", "A错误；C正确", "答案不是A，而是C", "C：巴黎",
        "A、B、D错误，故选C。", "答えはCです", "정답은 C입니다.", "Ответ: C", "La réponse est C.", "Die richtige Antwort ist C.",
        "A resposta correta é a C.", "Correct choice → C", "The answer is A... wait, no, it is C.", "The answer is A. Correction: it is C.",
        "A) wrong\nB) wrong\nC) right\nD) wrong", "A: no\nB: no\nC: yes\nD: no", "(A) ✗\n(B) ✗\n(C) ✓", "The answer is C. Actually, B comes close.",
    ],
)  # fmt: skip
def test_settles_on_c_where_people_write_it(response):
    assert FOUR.answer(response) == "C"


@pytest.mark.parametrize(
    "response",
    [
        "(A) or (B)", "(A), (C)", "The answer is A, B and C.", r"\boxed{A = \pi r^2}", "A = 5", "A = benzoquinone, B = water",
        "C++", "A+", "Type A blood", "Plan B", "The answer is vitamin C.", "The answer is group A.", "A is better than B.", "A或B",
        "A. Yes\nB. No\nC. Maybe", "A) right\nB) right\nC) wrong", "答案是A或B", "A和B都正确", "A、B都正确", '{"answer": "A or B"}', "A and C are correct.", "Is it A?",
    ],
)  # fmt: skip
def test_settles_on_none_where_nothing_is_chosen(response):
    assert FOUR.answer(response) is None


def test_only_a_revision_between_the_two_letters_that_differ_counts():
    assert FOUR.answer("The answer is B. Wait, the answer is C. The answer is C.") == "C"
    assert FOUR.answer("The answer is B. The answer is C. Wait, the answer is C.") is None


def test_a_letter_of_a_formula_is_none_with_ten_options():
    ten = get_answer_type("choice", choices=10)
    assert ten.answer("F = ma") is None
    assert ten.answer("I choose I.") == ten.answer("(i)") == "I"
