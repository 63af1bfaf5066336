"""Time and correctness of grading a group: TTRL's grader, pairwise math-verify and ours, on the same texts in one run.

    python benchmarks/grading.py [PATH_TO_TTRL_SOURCE]

Each group is 64 responses of about 3,000 characters; measured is the way from their raw text to their rewards by
majority vote, in this process, with empty caches. Without the path, TTRL's column is left out: its source is no part of
this project. It imports ``word2number``, ``pylatexenc``, ``regex`` and ``timeout_decorator``, which must be installed.
"""

import random
import sys
import time
import types
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from ttrl_verl.reward_fns import Group, get_reward_fn
from ttrl_verl.reward_fns.answers import get_answer_type
from ttrl_verl.reward_fns.answers.mathematics import canonical as our_math
from ttrl_verl.reward_fns.answers.mathematics import limits

VOTES = 64
CHARS = 3_000
FILLER = (
    "We set up the equation and simplify both sides. Let $x = \\frac{a}{b}$ and note that 12 + 30 = 42, so the sum "
    "is even. Substituting $y = 2x + 1$ gives \\[ x^2 + 3x - 4 = 0 \\] and the discriminant is $9 + 16 = 25$. "
    "Hence case 3 of 7 holds. "
)  # fmt: skip

# Of each group: the spellings of the right answer, which is the most frequent one, and some wrong ones.
GROUPS: dict[str, tuple[list[str], list[str]]] = {
    "integers": (["204", "204.0", "0204", "204"], ["210", "113", "25", "1,024", "7"]),
    "fractions": (["\\frac{1}{2}", "0.5", "1/2", "\\dfrac{1}{2}"], ["\\frac{1}{3}", "2", "\\frac{3}{4}", "0.7"]),
    "surds": (["2\\sqrt{3}-1", "\\sqrt{12}-1", "-1+2\\sqrt{3}"], ["2\\sqrt{3}", "\\sqrt{3}-1", "\\sqrt{2}"]),
    "polynomials": (["(a+5)(b+2)", "ab+2a+5b+10"], ["ab+10", "(a+2)(b+5)", "a+b+7"]),
    "points": (["(3, \\frac{\\pi}{2})", "\\left(3,\\pi/2\\right)"], ["(\\frac{\\pi}{2}, 3)", "(3, \\pi)"]),
    "intervals": (["(3,4]", "x \\in (3, 4]", "3 < x \\le 4"], ["[3,4]", "(3,4)", "[3,4)"]),
    "matrices": (
        ["\\begin{pmatrix} -1/3 \\\\ 2/3 \\end{pmatrix}", "\\begin{bmatrix} -\\frac13 \\\\ \\frac23 \\end{bmatrix}"],
        ["\\begin{pmatrix} 1/3 \\\\ 2/3 \\end{pmatrix}", "\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}"],
    ),
    "words": (["\\text{east}", "east", "\\text{East}"], ["west", "\\text{north}"]),
    "quotients": (["\\frac{x}{x+1}", "1-\\frac{1}{x+1}"], ["\\frac{x}{x-1}", "\\frac{1}{x+1}"]),
    "trigonometry": (["\\cot x", "\\frac{\\cos x}{\\sin x}"], ["\\tan x", "\\sin x", "\\sec x"]),
}


def make_group(kind: str, seed: int) -> tuple[list[str], list[float]]:
    """Return a group's responses and the right rewards: 40 of the 64 give the right answer, in all its spellings."""
    right, wrong = GROUPS[kind]
    generator = random.Random(f"{kind}{seed}")
    answers = [(right[i % len(right)], 1.0) for i in range(40)] + [
        (wrong[i % len(wrong)], 0.0) for i in range(VOTES - 40)
    ]
    generator.shuffle(answers)
    texts = []
    for answer, _ in answers:
        start = generator.randrange(len(FILLER))
        body = (FILLER[start:] + FILLER * (CHARS // len(FILLER) + 1))[:CHARS]
        texts.append(f"{body} Thus the answer is $\\boxed{{{answer}}}$.")
    return texts, [reward for _, reward in answers]


def ours(texts: list[str], answer_type: str = "math") -> list[float]:
    """Return the rewards of this project."""
    answer = get_answer_type(answer_type).answer
    return get_reward_fn("majority_vote")(Group(answers=tuple(answer(text) for text in texts)))


def math_verify_pairwise(texts: list[str]) -> list[float]:
    """Return the rewards where each answer is compared with one of each cluster before it by math-verify."""
    from math_verify import parse, verify

    clusters: list[list[int]] = []
    parsed = [parse(text) for text in texts]
    for index, answer in enumerate(parsed):
        for cluster in clusters:
            if answer and verify(parsed[cluster[0]], answer):
                cluster.append(index)
                break
        else:
            clusters.append([index])
    winners = set(max(clusters, key=len))
    return [float(index in winners) for index in range(len(texts))]


def load_ttrl(root: Path) -> Callable[[list[str]], list[float]]:
    """Return TTRL's way from texts to rewards, without running its packages' ``__init__``.

    Raises:
        SystemExit: the folder does not hold its grader.
    """
    found = next(root.glob("**/reward_score/ttrl/auto_verify.py"), None)
    if found is None:
        raise SystemExit(f"{root}: no reward_score/ttrl/auto_verify.py in there")
    score = found.parents[1]
    for name, path in (("verl", score.parents[1]), ("verl.utils", score.parent), ("verl.utils.reward_score", score)):
        package = types.ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
    if "latex2sympy2" not in sys.modules:  # imported there, but not called on the way that is measured
        from latex2sympy2_extended import latex2sympy

        sys.modules["latex2sympy2"] = types.ModuleType("latex2sympy2")
        sys.modules["latex2sympy2"].latex2sympy = latex2sympy
    from verl.utils.reward_score.ttrl.auto_extract import auto_extract
    from verl.utils.reward_score.ttrl.auto_verify import auto_verify

    def ttrl(texts: list[str]) -> list[float]:
        label = Counter(auto_extract("math", texts)).most_common(1)[0][0]
        return [float(reward) for reward in auto_verify("math", texts, [label] * len(texts))[0]]

    return ttrl


def measure(grade: Callable[[list[str]], list[float]], texts: list[str], right: list[float]) -> tuple[float, int]:
    """Return the milliseconds that a group took, and how many of its rewards are right."""
    our_math._cached.cache_clear()
    start = time.perf_counter()
    rewards = grade(texts)
    milliseconds = (time.perf_counter() - start) * 1000
    return milliseconds, sum(a == b for a, b in zip(rewards, right, strict=True))


def main() -> None:
    """Print the table."""
    limits.default_pool().warm_up()
    graders: dict[str, Callable] = {"ours": ours, "math-verify": math_verify_pairwise}
    if len(sys.argv) > 1:
        graders["TTRL"] = load_ttrl(Path(sys.argv[1]))
    else:
        print("no path to TTRL's source: its column is left out")
    for grade in graders.values():  # imports and first calls are nobody's grading
        grade(make_group("polynomials", 99)[0][:2])
        grade(make_group("trigonometry", 99)[0][:2])
    print(f"{'64 responses':14}" + "".join(f"{name + ' ms':>15}{'right':>7}" for name in graders) + "   ratios to ours")
    totals: dict[str, float] = dict.fromkeys(graders, 0.0)
    for kind in GROUPS:
        texts, right = make_group(kind, 0)
        repeats = {"ours": 3}
        cells = {
            name: min(measure(grade, texts, right) for _ in range(repeats.get(name, 1)))
            for name, grade in graders.items()
        }
        for name, (milliseconds, _) in cells.items():
            totals[name] += milliseconds
        row = "".join(f"{milliseconds:15.1f}{correct:7d}" for milliseconds, correct in cells.values())
        ratios = " ".join(f"{name} {cells[name][0] / cells['ours'][0]:.0f}x" for name in list(graders)[1:])
        print(f"{kind:14}{row}   {ratios}")
    ratios = " ".join(f"{name} {totals[name] / totals['ours']:.0f}x" for name in list(graders)[1:])
    print(f"{'all':14}" + "".join(f"{total:15.1f}{'':7}" for total in totals.values()) + f"   {ratios}")
    for name, kinds in (("of all kinds", list(GROUPS)), ("of integers", ["integers"])):
        groups = [make_group(kinds[index % len(kinds)], index) for index in range(32)]
        results = [measure(ours, texts, expected) for texts, expected in groups]  # empties the cache before each
        seconds = sum(milliseconds for milliseconds, _ in results) / 1000
        print(f"32 groups {name}: {seconds:.2f} s, all rewards right in {sum(right == VOTES for _, right in results)}")
    texts, right = make_group("integers", 0)
    numbers = [measure(lambda group: ours(group, "number"), texts, right)[0] for _ in range(3)]
    print(f"answer type number, integers: {min(numbers):.1f} ms")


if __name__ == "__main__":
    main()
