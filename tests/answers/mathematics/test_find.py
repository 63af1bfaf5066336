# ruff: noqa: E501 - the lists are easier to scan than to read
r"""Where a mathematical answer stands in a response, by class."""

import pytest

from ttrl_verl.reward_fns.answers import get_answer_type
from ttrl_verl.reward_fns.answers.mathematics import extract_math

ANSWER = get_answer_type("math").answer


@pytest.mark.parametrize(
    "response",
    [
        "<answer>7</answer>", "<think>3+4</think><answer>$7$</answer>", "[ANSWER] 7 [/ANSWER]", "<answer>The answer is 7</answer>",
        '{"answer": 7}', "{'final_answer': '7'}", '```json\n{"steps": ["a"], "answer": "$7$"}\n```',
        "### Answer\n7", "**Final Answer**\n\n\\[ 7 \\]", "## 4. Final Answer\n\nThe value is 7.", "3 + 4 is wanted.\n#### 7",
        "The answer to the problem is 7.", "The answer must be 7.", "The answer turns out to be $7$.", "The answer we seek is 7",
        "The answer is therefore 7.", "The answer, then, is 7.", "The answer is 7 (seven).", "So 7 is our answer to question 3.",
        "答案是7。", "最终答案：$7$", "【答案】7", "答えは7です。", "정답은 7입니다.", "Ответ: 7", "La respuesta es 7.", "Die Antwort lautet 7.",
        r"\boxed{\color{red}{7}}", r"\boxed{\underline{7}}", r"\boxed{\text{The answer is }7}", r"\boxed{7 \text{ (seven)}}",
        r"\framebox{7}", "boxed{7}", "\\boxed\n{7}", r"\boxed{7}. Put the final answer in \boxed{}.", r"$\boxed{7$",
        "7", "$7$", "So x = 7.", "Hence there are 7 solutions.", "The value is $7$.", "Result: 7",
        "The answer is 6. Wait, the answer is 7.", "If the answer is 6, x is odd. The answer is 7.", "The answer is not 6 but 7.",
        "A common wrong answer is 6. The answer is 7.", r"\boxed{7} <think> let me check 6",
        "We conclude that the value is $7$.", "It follows that the sum is 7.", "The area comes out to $7$.", "The value of $f(3)$ is $7$.",
        "The sum m+n is 3 + 4 = 7.", "I get 7 for the final answer.", "So we take 7 as our answer.", r"So the cost is $\$7$.",
        "The answer is 7 in total.", r"$\boxed{\textbf{(C) } 7}$", r"\boxed{\text{(B)}\ 7}", "Correct answer → 7",
        r"$$\int_0^1 14x\,dx = 7$$", r"\boxed{\sum_{i=3}^{4} i = 7}", r"The answer is $\lim_{x\to 0} (7+x) = 7$.",
    ],
)  # fmt: skip
def test_says_seven(response):
    assert ANSWER(response) == "7"


@pytest.mark.parametrize(
    "response",
    [
        "To find the answer, we compute 3+4.", "We need to find x.", "The answer is", "The answer is **", r"so \boxed{\frac{1",
        r"we get \boxed", "<think>7", "<think>7</think>", r"\boxed{}", "What is the answer?", "First, 3+4 = 7 and", "I do not know.",
    ],
)  # fmt: skip
def test_says_nothing(response):
    assert ANSWER(response) is None


@pytest.mark.parametrize(
    ("response", "found"),
    [
        (r"\boxed{1} and \boxed{2}", "1, 2"),
        (r"$x=\boxed{3}$, $y=\boxed{4}$", "x=3, y=4"),
        (r"First \boxed{2}. So finally \boxed{5}", "5"),
        ("The answers are $1$ and $2$.", "1, 2"),
        ("The answer is $x=1$, $y=2$.", "x=1, y=2"),
        ("Answer: x = 1, y = 2", "x = 1, y = 2"),
        (r"$\boxed{\frac{1}{2}$", r"\frac{1}{2}"),
        ("The answer is $18. She earns $18 every day.", "$18"),
    ],
)
def test_boxes_and_formulas_that_belong_together(response, found):
    assert extract_math(response) == found


@pytest.mark.parametrize(
    "after",
    ["Q: What is 3+4?\nA: The answer is 9.", "Human: next?\n\nAssistant: \\boxed{9}", "**Problem 2.** Find y. \\boxed{9}",
     "Question: 4+5\nAnswer: 9", "问题：4+5\n答案：9", "Explanation: the answer is not 9, since 4+5 is."],
)  # fmt: skip
def test_what_a_base_model_runs_on_into_does_not_count(after):
    assert ANSWER(f"The answer is 7.\n\n{after}") == "7"
    assert ANSWER(f"So \\boxed{{7}}\n\n{after}") == "7"


def test_a_problem_that_is_told_first_is_none_of_it():
    assert ANSWER("Question: what is 3+4?\nAnswer: 7") == "7"
    assert ANSWER("Problem: find 3+4.\nSolution: it is \\boxed{7}.") == "7"


@pytest.mark.parametrize(
    "response",
    [
        "3 + 9 = 12. Giving away 5 leaves her with 7 marbles.", "We get $14/2$, which simplifies to $7$.", "Since 3 of 10 are red, 7 are blue.",
        "The sides are 3 and 4.\n\nThe perimeter comes to 7 cm.", "1. Add 3 to 11 to get 14.\n2. Divide by 2 to get 7.", "We expand.\n\n$x = 7$",
        "So x = 7.\n\nCheck: 7 + 3 = 10 ✓", "So she needs 7 bags. Great, that was easy!", "The total is 6. Wait, I forgot one, so it is 7.",
        "The answer is 6. Wait, I made a mistake: the value is 7.", "- apples: 3\n- pears: 4\n- Total: 7", "Insgesamt gibt es 7 Lösungen.",
        "We have $14 - $5 = $9 left, and $2 of it is lent, which leaves $7.", "The number that is not divisible by 3 is 7.", "So 7 of them do not run.",
        "The result is the same as 9. Therefore, the value is $7$.", "The mean grows from 12 of 40 to 19, so it increased the mean by 7.",
        "They have 112,000 / 16,000 = 7 cars", "Not 9 but 7.", "Then $|a|+a = 2+5 = 7.$ This is odd.", "35 g / 5 g = 7 spoons", "x\nSo he is gone for 2+5=7 weeks", "So 12 - 5 = 7 of them did not get any prize.", "It is known that $a - 1 = 6$, which implies that $a = 7$.", "With $T = 3, k = 7$.", "The chance is $1 + 6$ or $7$.", "So $7$ is the largest number for which $7n$ and $5n$ are odd.", "2x + 1 = 14 + 1 and so x = 7",
        "\\begin{align*}\n2x &= 14 \\\\\nx &= 7.\n\\end{align*}", "There are seven such numbers.", "So 12 of 19 are odd, which leaves 7.",
    ],
)  # fmt: skip
def test_concludes_seven(response):
    assert ANSWER(response) == "7"


@pytest.mark.parametrize(
    "response",
    [
        "So x = 7. Wait, that is wrong. Let me start over.", "Next, divide both sides by 7.", "Suppose that x = 7.", "It might be 7.",
        "So 7 is not a solution.", "There are at least 7.", "Is it 7?", "So we have 3x = 7.", "The other three add up to 7, and then the",
        "So the area is 7 + ", "Then $x = \\frac{7", "I got stuck at x = 7.", "The answer is 7. No, that's wrong.", "Case 1: x = 7.",
        "We add up.\n\\[\n3 + 4 =", "We have 7 of these. So she then had 16 + 8", "Step 1: 3 + 4 = 7\nStep 2:", "12. $50/12$\n- $50/7$\n-",
        "If x = 3, then y = 7. If x = 4, then y = 9.", "The first 12 are even. The next 7", "So far: 3 + 4 = 7.", "where a > 7 holds", "We get\n\\[\n7", "The total is\n$$\n3 + 4 = 7", "1. 3 is odd.\n2. 6 is even.\n3.",
        "<answer>I don't know</answer>", '{"answer": null}', "where $k = 7$ is the number of sides", "return 7", "- first: 7\n- second:",
    ],
)  # fmt: skip
def test_concludes_nothing(response):
    assert ANSWER(response) is None
