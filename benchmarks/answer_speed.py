"""Time to find and compare the answers of 100,000 responses of 1.8 kB, by answer type and by how they answer.

    python benchmarks/answer_speed.py [TYPE ...]

2,000 different responses are graded, in this process, and the processor time is scaled up: the least of seven passes,
since what runs beside it only adds to it. Hard answers of ``math`` are cached as in a run. The filler is what a model
writes on its way: sums, letters of points and options, LaTeX.
"""

import random
import sys
import time

from ttrl_verl.reward_fns.answers import AnswerType, get_answer_type

RESPONSES, CHARS, PASSES = 2_000, 1_800, 7
FILLER = (
    "We set up the equation and simplify both sides. Let $x = \\frac{a}{b}$ and note that 12 + 30 = 42, so the "
    "sum is even.\n"
    "Substituting $y = 2x + 1$ gives \\[ x^2 + 3x - 4 = 0 \\] and the discriminant is $9 + 16 = 25$.\n\n"
    "**Step 2:** Option A is too small, since a point of the line (B) lies above it. Hence case 3 of 7 holds.\n"
    "To find the answer, compare each of the 4 choices with the value that we have found so far.\n"
)  # fmt: skip
WORDS = ("Africa", "Asia", "Europe", "North America", "South America", "Oceania")
ANSWERS = {"math": [str(n) for n in range(20, 60)], "number": [str(n) for n in range(20, 60)], "choice": list("ABCD"),
           "words": list(WORDS), "text": ["Paris", "London", "Rome", "J. K. Rowling"]}  # fmt: skip
ENDINGS = {
    "boxed": "Thus the answer is $\\boxed{{{answer}}}$.",
    "stated": "Thus the answer is {answer}.",
    "last line": "\n{answer}",
}


def responses(kind: str, ending: str) -> list[str]:
    """Return responses of one type that end in one way."""
    generator = random.Random(f"{kind}{ending}")
    texts = []
    for _ in range(RESPONSES):
        start = generator.randrange(len(FILLER))
        body = (FILLER[start:] + FILLER * (CHARS // len(FILLER) + 1))[:CHARS]
        texts.append(body + "\n" + ENDINGS[ending].format(answer=generator.choice(ANSWERS[kind])))
    return texts


def seconds(answer_type: AnswerType, texts: list[str]) -> float:
    """Return the processor time of one pass."""
    start = time.process_time()
    for text in texts:
        answer_type.answer(text)
    return time.process_time() - start


def main() -> None:
    """Print the table."""
    print(f"{'100,000 of 1.8 kB':18}" + "".join(f"{ending:>12}" for ending in ENDINGS) + "   right")
    for kind in sys.argv[1:] or ANSWERS:
        name = "choice" if kind == "words" else kind
        answer_type = get_answer_type(name, choices=list(WORDS) if kind == "words" else 4)
        cells, right = [], 0
        for ending in ENDINGS:
            texts = responses(kind, ending)
            answers = [answer_type.answer(text) for text in texts]
            cells.append(min(seconds(answer_type, texts) for _ in range(PASSES)) * 100_000 / RESPONSES)
            right += sum(answer is not None for answer in answers)
        print(
            f"{kind:18}" + "".join(f"{cell:10.2f} s" for cell in cells) + f"   {right / RESPONSES / len(ENDINGS):.3f}"
        )


if __name__ == "__main__":
    main()
