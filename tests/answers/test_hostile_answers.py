# ruff: noqa: E501, SIM905 - the lists are easier to scan than to read
"""Answers that mean harm: none crashes, hangs, runs past its limit or takes memory."""

import random
import resource
import time

import pytest

from ttrl_verl.reward_fns.answers import get_answer_type
from ttrl_verl.reward_fns.answers.boxes import last_boxed
from ttrl_verl.reward_fns.answers.mathematics.canonical import (
    MAX_CHARS,
    canonical_math,
    canonicalize,
)
from ttrl_verl.reward_fns.answers.mathematics.finding.find import extract_math
from ttrl_verl.reward_fns.answers.number.find import canonical_number, extract_number
from ttrl_verl.reward_fns.answers.response import final_part

# Of this process's own time a loaded machine takes none. What a worker is given ends by the clock after two seconds, which
# test_limits.py holds; here it is only kept from hanging.
SECONDS, HANGS = 1.0, 60.0

POWERS = [
    "9**9**9**9",
    "9^{9^{9^9}}",
    "10^{10^{10}}",
    "2^{2^{2^{2^{2^2}}}}",
    "(9^9)^{9^9}",
    "1e999999999",
    "1e999",
    "9" * 4301,
    "(-9)^{9^9}",
    "0.5^{9^{9}}",
    "(1/9)^{-9^9}",
    "x^{9^{9^9}}",
    "(x+1)^{10000}",
    "(a+b+c+d+e+f)^{40}",
    "(x+y)^{99999}",
    "2^{-99999999}",
    "9^{0.99999999}",
    "\\sqrt[999999999]{2}",
    "\\sqrt[9^9]{7}",
    "i^{99999999999}",
    "(1+i)^{100000}",
    "e^{e^{e^{e^{e}}}}",
    "\\pi^{\\pi^{\\pi^{\\pi}}}",
    "x^{x^{x^{x^{x^x}}}}",
    "2^{x^{99999}}",
    "\\sqrt{2}^{\\sqrt{2}^{99999}}",
    "(1+\\sqrt{2})^{1000}",
    "(1+\\sqrt2+\\sqrt3+\\sqrt5+\\sqrt7+\\sqrt{11})^{30}",
    "0^{0}",
    "0^{-1}",
    "0^{x}",
]
FACTORIALS = [
    "9999999!",
    "9!!!!!!!!",
    "(((9!)!)!)!",
    "100!!",
    "170!^{170!}",
    "\\binom{999999999}{499999999}",
    "n!!!!",
    "(10^{10})!",
    "\\frac{99999!}{99998!}",
    "(-1)!",
    "(1/2)!",
    "\\lfloor 9^{9^9} \\rfloor",
    "\\gcd(9^{9^9}, 3)",
    "lcm(9999991,9999973)",
    "\\max(9^{9^{9}},1)",
    "\\lceil 10^{400} \\rceil",
    "e^{1000!}",
    "\\ln(1000!)",
    "\\cos(99999!)",
    "(301)!",
]
NESTED = [
    "{" * 10**6, "}" * 10**6, "{" * 10**6 + "}" * 10**6, "(" * 1400, "(" * 700 + ")" * 700, "[" * 700 + "]" * 700,
    "\\frac{" * 200, "\\frac{1}{" * 150 + "1" + "}" * 150, "\\sqrt{" * 200 + "2" + "}" * 200, "|" * 1000, "-" * 1400 + "1",
    "+" * 1400, "\\left(" * 200, "\\text{" * 200, "^" * 1000, "_" * 1000, "x^" * 500, "x_" * 500, "\\begin{pmatrix}" * 60,
    "\\begin{pmatrix}" + "1&" * 500 + "1\\end{pmatrix}", "\\{" * 500, "\\{" * 300 + "1" + "\\}" * 300, "\\sin " * 250,
    "1" + "+1" * 700, "1" + "*1" * 700, "1" + "/3" * 700, "1" + "/x" * 700, "((((1)))^2)^2", "2^" * 600 + "2", "x!" * 600,
    "1=" * 700 + "1", "1<" * 700 + "1", "[0,1]\\cup" * 100 + "[0,1]", "1," * 700 + "1", "\\pm 1" * 200, "\\boxed{" * 10**5,
]  # fmt: skip
LONG = [
    "1" * 10**6, "9" * 1499, "0." + "3" * 1400, "0" * 10**6, "x" * 10**6, " " * 10**6, "\\" * 10**6, "$" * 10**6,
    "1," * 500_000, "1 " * 500_000, "a+" * 500_000, "-" * 10**6, "." * 10**6, "\n" * 10**6, "\x00" * 10**6, "é" * 10**6,
    "1" * 400 + "/" + "3" * 400, "1" * 400 + "." + "3" * 400, "\\frac{" + "1" * 401 + "}{3}", "0.\\overline{" + "3" * 99 + "}",
    "1,111" * 300, "111 " * 300, "%" * 1500, "\\," * 700, "\\!" * 700, "²" * 1500, "½" * 1500, "𝟏" * 1500, "﷽" * 1400, "√" * 1400,
]  # fmt: skip
LOOKALIKE = [
    "１２", "٣٤", "१२", "𝟏𝟐", "1\u200b2", "\u202e21", "\ufeff5", "5\u0301", "А", "Ⅷ", "①", "x̂", "—5", "5٪", "∞", "∅", "½½", "⅓", "x²³",
    "x⁻¹", "₁₂", "a₁", "π²", "√√4", "∛8", "∑", "∫", "≈", "±", "∓", "🙂", "\ud7ff", "ｘ＝５", "（３，４］", "［１，２］", "{１，２}", "“5”", "‘5’", "5′",
]  # fmt: skip
HALF_OPEN = [
    "\\frac{1", "\\frac{1}", "\\frac{1}{", "\\frac", "\\sqrt", "\\sqrt{", "\\sqrt[", "\\sqrt[3", "\\sqrt[3]", "\\left", "\\left(", "\\right)",
    "\\text", "\\text{", "\\text{a", "\\begin", "\\begin{", "\\begin{pmatrix}", "\\end{pmatrix}", "\\begin{pmatrix}\\end{pmatrix}",
    "\\begin{pmatrix}1&2\\\\3\\end{pmatrix}", "\\begin{cases}1\\end{cases}", "\\{1", "1\\}", "(1", "1)", "[1", "|1", "1|", "^", "_", "^2", "x^",
    "x_", "x^{", "x_{", "x^{}", "x_{}", "\\log_", "\\log", "\\sin", "\\sin^", "\\binom{1}", "{5 \\choose", "\\pm", "\\cup", "1\\cup", "\\in",
    "x\\in", "=", "x=", "=5", "<", "x<", "1,", ",", ",1", ";", "\\", "\\\\", "$", "$$", "$5", "\\(", "\\[", "\\boxed", "\\boxed{", "\\boxed{}",
    "{}", "()", "[]", "\\{\\}", "!", "'", "\"", "\"\"", "''", "&", "#", "@", "~", "`", "%", "\\%", "0/0", "1/0", "\\frac{1}{0}", "\\frac00",
]  # fmt: skip
CODE = [
    "__import__('os').system('true')", "eval('1')", "exec('1')", "open('/etc/passwd').read()", "print(1)", "exit()", "quit()", "True",
    "None", "lambda: 0", "().__class__.__bases__[0]", "{}.format", "f'{1}'", "%s%s%s", "{0.__class__}", "import os", "sys.exit(1)", "input()",
    "range(10**12)", "[0]*10**12", "'x'*10**12", "sum(range(10**9))", "globals()", "__builtins__", "sympify('1')", "Symbol('x')", "S(1)",
    "function(x:1;2)", "value(1)", "value(", "function()", "\x1b[2J", "\r\n5", "\x00", "\x7f", "5\x00", "\u2028", "'; DROP TABLE votes; --",
    "<script>", "<|im_end|>", "../../etc", "$(reboot)", "`id`", "\\input{/etc/passwd}", "\\write18{id}", "\\def\\x{\\x\\x}\\x", "nan", "inf",
]  # fmt: skip
REGEX_BAIT = [
    "a" * 1400 + "!", "1" * 1400 + "x", "\\frac{1}{2" * 140, "answer is " * 5_000, "answer: $" * 5_000, "<think>" * 50_000,
    "</think>" * 50_000, "<think></think>" * 30_000, "<|" * 100_000, "\\boxedx" * 50_000, "\\boxed 1" * 50_000, "$1" * 100_000,
    "\\(" * 100_000, "\\text{ }" * 180, "1.1" * 480, "-1" * 700, "1e1" * 480, "\\left." * 240, "{,}" * 480, "answer is \\(" * 9_000,
]  # fmt: skip
HOSTILE = POWERS + FACTORIALS + NESTED + LONG + LOOKALIKE + HALF_OPEN + CODE + REGEX_BAIT


@pytest.fixture(scope="module", autouse=True)
def _warm_workers():
    canonical_math("\\sin 1")


def judge(answer: str) -> None:
    start, began = time.process_time(), time.monotonic()
    canonical, limited = canonicalize(answer)
    assert time.process_time() - start < SECONDS
    assert time.monotonic() - began < HANGS
    assert canonical is None or (canonical and len(canonical) <= MAX_CHARS + 2)
    if canonical is not None and not limited:
        assert canonical_math(canonical) == canonical


def test_there_are_at_least_200_hostile_answers():
    assert len(set(HOSTILE)) >= 200


@pytest.mark.parametrize("index", range(len(HOSTILE)))
def test_a_hostile_answer_is_harmless(index):
    judge(HOSTILE[index])


@pytest.mark.slow
def test_hostile_responses_are_read_in_linear_time():
    for text in NESTED + LONG + REGEX_BAIT:
        response = f"The answer is {text}" if text in REGEX_BAIT else f"\\boxed{{{text}"
        start = time.process_time()
        final_part(response)
        last_boxed(response)
        extract_math(response, last_number=True)
        extract_number(response)
        canonical_number(response)
        assert time.process_time() - start < 6, response[:50]


@pytest.mark.slow
def test_memory_is_bounded():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for text in HOSTILE:
        get_answer_type("math").answer(f"\\boxed{{{text}}}")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # kilobytes


def test_look_alikes_do_not_vote_for_what_they_look_like():
    # Full-width digits are the same number; a Cyrillic letter and Arabic-Indic digits are not read as one.
    assert canonical_math("１２") == "12"
    assert canonical_math("А") != "A"
    assert canonical_math("٣") != "3"


FRAGMENTS = (
    list("0123456789abcxyzeinfp+-*/^_!()[]{}|,;.:=<>&'\" \\$%~°π√∞≤±²½\t\n\x00\u200b٣а")
    + "\\frac \\sqrt \\left \\right \\boxed{ \\text{ \\pi \\sin \\log_ \\infty \\cup \\in \\pm \\{ \\} ** 9**9 !! ^{ \\\\".split()
    + ["\\begin{pmatrix}", "\\end{pmatrix}", "\\overline{", "__import__", "value(", "10^", "\\choose ", " and ", " or "]
)
SEEDS = (
    "\\frac{14}{3}",
    "(3,4]",
    "1 \\pm \\sqrt{19}",
    "x^3+3x-6",
    "\\{1,2\\}",
    "6-5i",
    "\\text{east}",
    "x \\in [-2,7]",
    "y=2x+3",
)


def fuzzed(generator: random.Random) -> str:
    if generator.random() < 0.4:
        answer = list(generator.choice(SEEDS))
        for _ in range(generator.randint(1, 4)):
            place = generator.randrange(len(answer))
            answer[place : place + generator.randint(0, 1)] = [generator.choice(FRAGMENTS)]
        return "".join(answer)
    return "".join(generator.choice(FRAGMENTS) for _ in range(generator.randint(1, 14)))


@pytest.mark.slow
def test_ten_thousand_fuzzed_answers_are_harmless():
    generator = random.Random(20260101)
    for _ in range(10_000):
        judge(fuzzed(generator))
