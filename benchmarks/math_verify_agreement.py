"""Agreement with math-verify on generated pairs, 2,000 of them: every disagreement listed, with who is right.

    python benchmarks/math_verify_agreement.py [SEED] [PAIRS]

A pair is two spellings of one answer, or spellings of two answers, so that the truth is known from how it was made. The
families are of both kinds: what votes on benchmarks need (intervals, sets, words), and what math-verify is strong at
(formulas with letters, functions, named values). It also counts pairs that math-verify judges otherwise the other way
round: a vote needs an equality that is none's to order.
"""

import random
import sys
from collections import Counter
from collections.abc import Callable
from fractions import Fraction

from math_verify import parse, verify

from ttrl_verl.reward_fns.answers.mathematics import limits
from ttrl_verl.reward_fns.answers.mathematics.canonical import canonical_math

PAIRS = 2_000
Family = Callable[[random.Random], list[str]]


def rational(r: random.Random) -> list[str]:
    """Return spellings of a rational number."""
    q = Fraction(r.choice([-41, -23, -7, 1, 13, 17, 19, 29, 37]), r.randint(2, 12))
    n, d = q.numerator, q.denominator
    spellings = [f"{n}/{d}", f"\\frac{{{n}}}{{{d}}}", f"\\dfrac{{{2 * n}}}{{{2 * d}}}", f"x = \\frac{{{n}}}{{{d}}}"]
    if 10**6 % d == 0:
        spellings.append(str(float(q)))
    if q > 1 and d > 1:
        spellings.append(f"{n // d}\\frac{{{n % d}}}{{{d}}}")
    return spellings


def integer(r: random.Random) -> list[str]:
    """Return spellings of an integer."""
    n = r.randint(-50, 99_999)
    return [
        f"{n}",
        f"{n}.0",
        f"{n:,}",
        f"{n}\\text{{ cm}}",
        f"n = {n}",
        f"{n}\\%",
        f"\\${n}",
        f"{n}^\\circ",
        f"\\text{{{n}}}",
    ]


def surd(r: random.Random) -> list[str]:
    """Return spellings of a + b * sqrt(c)."""
    a, b, c = r.randint(1, 9), r.randint(2, 9), r.choice([2, 3, 5, 7])
    return [f"{a}+{b}\\sqrt{{{c}}}", f"\\sqrt{{{b * b * c}}}+{a}", f"\\frac{{{2 * a}+{2 * b}\\sqrt{c}}}{{2}}"]


def polynomial(r: random.Random) -> list[str]:
    """Return spellings of a quadratic."""
    a, b = r.randint(1, 9), r.randint(1, 9)
    return [f"(x+{a})(x+{b})", f"x^2+{a + b}x+{a * b}", f"x^{{2}} + {a * b} + {a + b}x", f"x(x+{a + b})+{a * b}"]


def interval(r: random.Random) -> list[str]:
    """Return spellings of an interval, half open."""
    a = r.randint(-9, 5)
    b = a + r.randint(1, 9)
    return [f"({a},{b}]", f"\\left({a}, {b}\\right]", f"x \\in ({a}, {b}]", f"{a} < x \\le {b}"]


def closed(r: random.Random) -> list[str]:
    """Return spellings of a closed interval."""
    a = r.randint(-9, 5)
    b = a + r.randint(1, 9)
    return [f"[{a},{b}]", f"\\left[{a}, {b}\\right]", f"{a} \\leq x \\leq {b}"]


def point(r: random.Random) -> list[str]:
    """Return spellings of a point."""
    a, b = r.randint(-9, 9), r.randint(1, 9)
    return [f"({a}, \\frac{{{b}}}{{2}})", f"\\left({a},{b}/2\\right)", f"({a}, {b / 2})", f"(x,y)=({a},{b}/2)"]


def elements(r: random.Random) -> list[str]:
    """Return spellings of a set."""
    a, b, c = sorted(r.sample(range(-9, 10), 3))
    return [f"\\{{{a},{b},{c}\\}}", f"{c}, {a}, {b}", f"{a}, {b} \\text{{ and }} {c}", f"x = {b}, {c}, {a}"]


def plus_minus(r: random.Random) -> list[str]:
    """Return spellings of two roots."""
    a, b = r.randint(1, 9), r.choice([2, 3, 5, 7])
    return [f"{a} \\pm \\sqrt{{{b}}}", f"{a}-\\sqrt{{{b}}}, {a}+\\sqrt{{{b}}}", f"x = {a} \\pm \\sqrt{{{b}}}"]


def matrix(r: random.Random) -> list[str]:
    """Return spellings of a vector."""
    a, b = r.randint(-9, 9), r.randint(1, 9)
    return [f"\\begin{{{kind}}} {a} \\\\ {entry} \\end{{{kind}}}" for kind in ("pmatrix", "bmatrix")
            for entry in (f"{b}/2", f"\\frac{{{b}}}{{2}}")]  # fmt: skip


def angle(r: random.Random) -> list[str]:
    """Return spellings of a multiple of pi."""
    q = Fraction(r.choice([1, 5, 7, 11]), r.choice([2, 3, 4, 6]))  # in lowest terms: another pair is another angle
    a, b = q.numerator, q.denominator
    return [
        f"\\frac{{{a}\\pi}}{{{b}}}",
        f"{a}\\pi/{b}",
        f"\\frac{{{a}}}{{{b}}}\\pi",
        f"\\dfrac{{{2 * a}\\pi}}{{{2 * b}}}",
    ]


def complex_number(r: random.Random) -> list[str]:
    """Return spellings of a complex number."""
    a, b = r.randint(1, 9), r.randint(2, 9)
    return [f"{a}+{b}i", f"{b}i+{a}", f"{a} - {-b}i".replace("- -", "+ "), f"z = {a}+{b}i"]


def word(r: random.Random) -> list[str]:
    """Return spellings of a word."""
    name = r.choice(["east", "west", "north", "odd", "Evelyn", "Tuesday"])
    return [f"\\text{{{name}}}", name, name.capitalize(), f"\\textbf{{{name}}}"]


def trigonometry(r: random.Random) -> list[str]:
    """Return spellings of a function."""
    return r.choice([
        ["\\cot x", "\\frac{\\cos x}{\\sin x}", "\\frac{1}{\\tan x}"], ["\\sin 2x", "2\\sin x\\cos x"],
        ["\\log_2 x", "\\frac{\\ln x}{\\ln 2}"], ["2^{n+1}", "2\\cdot 2^n"], ["\\sin^2 x", "1-\\cos^2 x"],
    ])  # fmt: skip


def base(r: random.Random) -> list[str]:
    """Return spellings of a number in a base."""
    digits = f"{r.randint(1, 5)}{r.randint(0, 5)}{r.randint(0, 5)}"
    return [f"{digits}_6", f"{digits}_{{6}}", f"{digits}_{{\\text{{six}}}}"]


def physics(r: random.Random) -> list[str]:
    """Return spellings of a formula of physics, letters in a row."""
    a, b = Fraction(r.randint(1, 5), r.randint(2, 9)).as_integer_ratio()
    return r.choice([
        [f"\\frac{{{a}}}{{{b}}}CV^2", f"\\frac{{{a} C V^{{2}}}}{{{b}}}", f"\\frac{{{a}}}{{{b}}} V^2 C"],
        [f"\\frac{{{a}GM}}{{{b}r^2}}", f"\\frac{{{a} G M}}{{{b} r^{{2}}}}", f"\\frac{{{a}}}{{{b}}}\\frac{{GM}}{{r^2}}"],
        [f"\\sqrt{{{a}gR}}", f"\\sqrt{{{a} g R}}", f"({a}gR)^{{1/2}}"],
        [f"{a}V_0e^{{-{b}t/RC}}", f"{a} V_0 e^{{-\\frac{{{b}t}}{{RC}}}}"],
        [f"{a}mg\\sin\\theta", f"{a} m g \\sin \\theta", f"mg\\cdot {a}\\sin(\\theta)"],
    ])  # fmt: skip


def calculus(r: random.Random) -> list[str]:
    """Return spellings of a function of calculus."""
    a = r.randint(2, 9)
    return r.choice([
        [f"{a}xe^{{x^2}}", f"e^{{x^2}}\\cdot {a}x", f"{a} x e^{{x^{{2}}}}"],
        [f"\\frac{{\\ln(x^2+{a})}}{{2}}", f"\\frac12\\ln(x^2+{a})", f"\\frac{{1}}{{2}} \\ln({a}+x^2)"],
        [f"\\frac{{{a}}}{{1+x^2}}", f"{a}(1+x^2)^{{-1}}", f"\\frac{{{a}}}{{x^2+1}}"],
        [f"y=Ce^{{{a}x}}", f"y = C e^{{{a}x}}", f"Ce^{{{a}x}}"],
    ])  # fmt: skip


def steps(r: random.Random) -> list[str]:
    """Return spellings of an answer of an olympiad, with a floor or a ceiling."""
    a, b = r.randint(2, 9), r.randint(1, 9)
    return r.choice([
        [f"\\left\\lfloor\\frac{{n}}{{{a}}}\\right\\rfloor+{b}", f"{b}+\\lfloor \\frac{{n}}{{{a}}} \\rfloor"],
        [f"\\left\\lceil\\frac{{n}}{{{a}}}\\right\\rceil", f"\\lceil \\tfrac{{n}}{{{a}}} \\rceil"],
    ])  # fmt: skip


def named(r: random.Random) -> list[str]:
    """Return spellings of a value with a name."""
    a = r.randint(2, 99)
    name = r.choice(["P(2)", "f(3)", "S(4)", "y(0)", "m+n", "a_5", "\\angle ABC"])
    return [f"{a}", f"{name}={a}", f"{name} = {a}"]


def equation(r: random.Random) -> list[str]:
    """Return spellings of a line."""
    a, b, c = r.randint(2, 5), r.randint(2, 5), r.randint(1, 20)
    return [f"{a}x+{b}y={c}", f"{2 * a}x+{2 * b}y={2 * c}", f"{a}x+{b}y-{c}=0", f"{b}y={c}-{a}x"]


FAMILIES: list[Family] = [rational, integer, surd, polynomial, interval, closed, point, elements, plus_minus, matrix,
                          angle, complex_number, word, trigonometry, base,
                          physics, calculus, steps, named, equation]  # fmt: skip


def make_pair(r: random.Random) -> tuple[str, str, str, bool]:
    """Return a family's name, two spellings, and whether they spell one answer."""
    family = r.choice(FAMILIES)
    one = family(r)
    if r.random() < 0.5:
        left, right = r.sample(one, 2) if len(one) > 1 else (one[0], one[0])
        return family.__name__, left, right, True
    for _ in range(20):
        other = r.choice(FAMILIES)(r) if r.random() < 0.2 else family(r)
        if not set(one) & set(other):
            return family.__name__, r.choice(one), r.choice(other), False
    return family.__name__, one[0], one[-1], True


def main() -> None:
    """Print every disagreement and the counts."""
    generator = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    limits.default_pool().warm_up()
    counts: Counter[str] = Counter()
    by_family: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    pairs = int(sys.argv[2]) if len(sys.argv) > 2 else PAIRS
    for _ in range(pairs):
        family, left, right, truth = make_pair(generator)
        ours = canonical_math(left) == canonical_math(right)
        gold, answer = parse(f"${left}$"), parse(f"${right}$")
        theirs = bool(verify(gold, answer))
        counts["math-verify differs the other way round"] += theirs != bool(verify(answer, gold))
        counts["ours right"] += ours == truth
        counts["math-verify right"] += theirs == truth
        counts["agree"] += ours == theirs
        counts["both wrong"] += ours == theirs != truth
        if ours != truth:
            wrong[f"{family}: ours"] += 1
        if theirs != truth:
            wrong[f"{family}: math-verify"] += 1
        if ours != theirs:
            who = "ours" if ours == truth else "math-verify"
            by_family[f"{family}: {who} right"] += 1
            print(f"{who} right | truth {truth} | {left} | {right}")
        elif ours != truth:
            print(f"nobody right | truth {truth} | {left} | {right}")
    print(f"of {pairs}: " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    print("wrong: " + ", ".join(f"{name} {count}" for name, count in sorted(wrong.items())))
    print("disagreements: " + ", ".join(f"{name} {count}" for name, count in sorted(by_family.items())))


if __name__ == "__main__":
    main()
