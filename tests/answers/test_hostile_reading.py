# ruff: noqa: E501 - the lists are easier to scan than to read
r"""Responses that mean harm to what finds an answer in them: statements, marks, boxes, words, options."""

import pytest
from growth import is_linear

from ttrl_verl.reward_fns.answers.boxes import MAX_BOX_CHARS, boxed, last_boxes, plain
from ttrl_verl.reward_fns.answers.choice import words
from ttrl_verl.reward_fns.answers.choice.options import canonical_option, extract_option
from ttrl_verl.reward_fns.answers.marked import from_json, tagged
from ttrl_verl.reward_fns.answers.mathematics.finding.conclusion import concluded
from ttrl_verl.reward_fns.answers.statement.find import MAX_STATEMENTS, statements
from ttrl_verl.reward_fns.answers.statement.subject import subject_of_answer

CONTINENTS = ("Africa", "Asia", "North America", "no")
OPTIONS = ("Paris", "New York", "b", "42")

STATEMENTS = [
    "answer ", "answer is ", "answer: ", "the answer to ", "answer (", "if the answer is ", "answer, then, ", "5 is the ",
    " is the answer", "answer is therefore thus ", "ans. ", "result is ", "choice is ", ":", "\n### Answer\n", "**answer**",
    "答案", "【答案】", "정답", "respuesta es ", "ответ: ", "İ", "\u0301", "\x00", " ", "\n", "9",
]  # fmt: skip
MARKS = [
    "<answer>", "</answer>", "<answer></answer>", "[ANSWER]", "wer]", "<", "]", '{"answer": "', '{"answer": [', '"answer":',
    "{'answer': '\\", '{"answer": 5}', '"', "{", "\x00", "٣",
]  # fmt: skip
BOXES = [
    "\\boxed{", "\\boxed{5}", "\\boxed{} ", "\\boxed{5} and ", "\\boxed{5}, x=", "\\boxed ", "\\boxed[", "ox", "boxed{", "}",
    "\\boxed{\\", "\\boxed{$", "\\color{", "\\fcolorbox{a}", "\\underline{", "\\boxed{\\frac{", "x=$", "\x08oxed{", "\x00", "９",
]  # fmt: skip
WORDS = [
    "africa", "africa ", "africa, ", "africa or ", "not africa, ", "neither africa nor ", "north", "north ", "north\n",
    "north america\n", "africa?", "africa. ", "africa is wrong ", "so africa but ", "no ", "unlike ", " it is ", "false ",
    "africa is false", "\ufdfa", "\u0301", "\x00", "\u2028", "   ", "\n", "42 ", "new york or ", "(B) ", "A or ", "9",
]  # fmt: skip
CONCLUSIONS = [
    "x = ", "1,", "1 ", "(1", "((", "{", "\\frac{", "$", "$5 ", "and ", "Thus ", ", so ", "a_1 ", "5 hours and ", "three ", "in ", "√",
    "1 1/2 ", "1,000,", "=", "\\", "if 1 is ", "since ", "; ", "add 1 to ", "\\[", "\\begin{align}", "- 1\n", "wait, ", "half ", "twenty-",
    "\ue000", "٣", "。", "所以", "check ", "check:\n", "(a) 1\n(b) 2\n", "1:", "1 x ", "**", "`` ", "because ", "\\sqrt[3]{", "^{", "(1)(", ". ",
]  # fmt: skip
READERS = [
    (lambda text: statements(text, ("result", "choice is", "label:")), STATEMENTS),
    (subject_of_answer, STATEMENTS),
    (tagged, MARKS),
    (from_json, MARKS),
    (concluded, CONCLUSIONS),
    (boxed, BOXES),
    (plain, BOXES),
    (lambda text: words.extract_word(text, CONTINENTS), WORDS + STATEMENTS),
    (lambda text: words.canonical_word(text, CONTINENTS), WORDS),
    (lambda text: extract_option(text, OPTIONS), WORDS + BOXES),
    (lambda text: canonical_option(text, OPTIONS), WORDS + BOXES),
]


@pytest.mark.slow
@pytest.mark.parametrize("index", range(len(READERS)))
def test_time_is_linear_in_the_text(index):
    read, baits = READERS[index]
    square = [
        (before, bait, behind)
        for bait in baits
        for before, behind in (("", ""), ("The answer is ", "\nThe answer is 5."))
        if not is_linear(read, bait, before, behind)
    ]
    assert square == []


def test_of_many_statements_the_last_count():
    text = "The answer is 5. " * 1000 + "The answer is 6."
    found = statements(text)
    assert len(found) == MAX_STATEMENTS
    assert text[found[-1].end :] == "6."


# Every word that the patterns know, since most statements are told without them.
@pytest.mark.parametrize(
    "adverb",
    [
        "therefore", "thus", "hence", "then", "so", "clearly", "simply", "just", "indeed", "most likely", "very likely", "likely",
        "probably", "definitely", "certainly", "surely", "obviously", "actually", "also", "now", "exactly", "precisely", "equal to",
        "given by", "found to be", "the following", "as follows", "in fact", "of course", "still", "really", "only", "approximately",
        "about", "roughly", "around", "again", "finally", "I think", "we get", "the option", "option", "choice", "letter", "value",
        "the number", "word", "Therefore", "so, clearly",
    ],
)  # fmt: skip
def test_an_adverb_is_no_part_of_the_answer(adverb):
    text = f"The answer is {adverb} 5."
    assert [text[found.end :].strip() for found in statements(text)] == ["5."]


@pytest.mark.parametrize(
    "answer", ["5", "C", "Paris", "$x$", "(B)", "**5**", "-5", "½", "thusly", "Thor", "i", "\\frac12", "°", "\x00"]
)
def test_what_is_no_adverb_is_the_answer(answer):
    for stated in (f"The answer is {answer}", f"Answer: {answer}", f"THE ANSWER IS {answer}", f"answers are {answer}"):
        assert [stated[found.end :].strip() for found in statements(stated)] == [answer]


@pytest.mark.parametrize(
    "before",
    [
        "A wrong ", "an incorrect ", "A common ", "a tempting ", "a naive ", "a naïve ", "a false ", "a bad ", "one possible ", "a typical ",
        "The other ", "The trap ", "the expected ", "the previous ", "an intermediate ", "The student's ", "the students ", "A partial ",
        "a sample ", "an example ", "If the ", "Whether the ", "suppose the ", "supposing that the ", "assume the ", "assuming my ",
        "unless the ", "I thought the ", "I guessed the ", "imagine the ", "He says the ", "She claims that the ", "A WRONG ",
        "(wrong ", "a common wrong final ", "until the ", "if that first ",
    ],
)  # fmt: skip
def test_a_statement_that_is_denied_is_none(before):
    assert statements(f"{before}answer is 4.") == []


@pytest.mark.parametrize("before", ["So the ", "Hence the final ", "My ", "", "The correct ", "iffy ", "wrongly, the "])
def test_a_statement_that_is_not_denied_counts(before):
    assert len(statements(f"{before}answer is 4.")) == 1


def test_marks_nest_and_break_off_harmlessly():
    assert tagged("<answer>" * 1000 + "5" + "</answer>" * 1000) == "5"
    assert tagged("<answer><ans>5</answer>") == "5"
    assert tagged("<answer>" + "9" * 100_000) is None  # too long for an answer
    assert from_json('{"answer": ' + "[" * 1000 + "]" * 1000 + "}") is None
    assert from_json('{"answer": "\\ud800"}') == "\ud800"  # half a character is text, and no crash
    assert from_json('{"answer": "\x00\x1b[2J"}') == "\x00\x1b[2J"
    assert from_json('{"answer": 1' + "0" * 5000 + "}") == "1" + "0" * 100  # longer than any number is read


def test_boxes_nest_without_end():
    assert boxed("\\boxed{" * 5000 + "5" + "}" * 5000)[0]
    assert boxed("\\boxed{" * 5000) == (True, None)
    assert boxed("\\boxed{" + "{" * 20_000 + "}" * 20_000 + "}") == (True, None)  # longer than a box is read
    assert boxed("\\boxed{" + "9" * (MAX_BOX_CHARS + 1) + "}") == (True, None)
    assert boxed("\\boxed{" + "9" * 4301 + "}") == (True, "9" * 4301)


def test_boxes_in_a_row_are_bounded():
    found = last_boxes(", ".join(["\\boxed{5}"] * 1000))
    assert 1 <= len(found) <= 21


@pytest.mark.parametrize("held", ["\x00", "\x1b[2J", "٣", "５", "\u202e5", "é\u0301" * 50, "\ufdfa"])
def test_a_box_holds_any_character(held):
    assert boxed(f"\\boxed{{{held}}}") == (True, held)


def test_a_word_with_marks_of_patterns_is_itself():
    choices = words.words(["a+b", "x.*y", "c\\d"])
    assert [words.extract_word(f"It is {word}", choices) for word in choices] == list(choices)
    assert [words.extract_word(f"It is {other}", choices) for other in ("aab", "x then y", "c7")] == [None] * 3


@pytest.mark.slow
def test_many_long_words_are_found():
    choices = words.words([f"label {n} " + "x" * 200 for n in range(300)])
    assert words.extract_word(f"The label is {choices[299]}.", choices) == choices[299]
    assert is_linear(lambda text: words.extract_word(text, choices), "label 1 ")


@pytest.mark.parametrize("written", ["Ａｓｉａ", "𝐀𝐬𝐢𝐚", "As\u00adia", "\u200bAsia\u200b", "ASIA", "Asia\x00"])
def test_look_alikes_of_a_word(written):
    found = words.extract_word(written, CONTINENTS)
    assert found == "asia"


def test_no_word_is_read_out_of_control_characters():
    assert words.extract_word("As\x00ia", CONTINENTS) is None
    assert words.extract_word("\x1b[2J", CONTINENTS) is None
    assert words.extract_word("Аsia", CONTINENTS) is None  # a Cyrillic capital


@pytest.mark.parametrize(
    "response", ["9" * 10_000, "(" * 10_000, "\x00", "\\boxed{" * 1000, "B" * 10_000, "42" * 5000, "New\x00York"]
)
def test_no_option_is_read_out_of_noise(response):
    assert extract_option(response, OPTIONS) is None
    assert canonical_option(response, OPTIONS) is None


def test_an_option_of_many_digits_is_its_own():
    texts = ("1" + "0" * 5000, "1" + "0" * 5001)
    assert extract_option(f"The answer is {texts[1]}", texts) == "B"
