"""A coverage-guided fuzzer for answers of every type: looks for crashes, slow answers and unstable forms.

    python benchmarks/fuzz_answers.py [TYPE ...] [-max_total_time=60] [CORPUS_FOLDER]

Needs ``atheris``, which is none of the project's dependencies. The options are those of libFuzzer.
"""

import sys
import time

import atheris

with atheris.instrument_imports(include=["ttrl_verl.reward_fns"]):
    from ttrl_verl.reward_fns.answers import get_answer_type
    from ttrl_verl.reward_fns.answers.mathematics import limits
    from ttrl_verl.reward_fns.answers.mathematics.canonical import canonical_math, canonicalize

SECONDS = 1.5
TYPES = {
    "math": get_answer_type("math"),
    "number": get_answer_type("number"),
    "text": get_answer_type("text"),
    "choice": get_answer_type("choice"),
    "words": get_answer_type("choice", choices=["yes", "no", "St. Lucia", "North America"]),
    "options": get_answer_type("choice", choices={"A": "Paris", "B": "42", "C": "New York"}),
    "json": get_answer_type("json"),
    "box": get_answer_type("box"),
}
chosen = [name for name in TYPES if name in sys.argv[1:]] or list(TYPES)
LATEX = (
    "\\frac{ }{ } \\sqrt{ ^{ \\left( \\right] \\text{ \\pm \\cup \\begin{pmatrix} \\end{pmatrix} \\\\ & \\{ \\} "
    "\\in \\pi 9**9 ! <= _{ \\overline{ \\sin \\boxed{ <answer> </answer> Paris St. yes 答案 ½ －"
)
PIECES = [*LATEX.split(), "answer is ", "Answer: ", '{"answer": ', " or ", " not ", "North America", "(B) ", "\nQ: "]


def read(data: bytes) -> str:
    """Return an answer of characters and pieces of LaTeX: bytes above 200 name a piece."""
    return "".join(PIECES[byte % len(PIECES)] if byte > 200 else chr(byte) for byte in data)


def one_input(data: bytes) -> None:
    """Judge one answer.

    Raises:
        AssertionError: it took too long, or a canonical form is not its own canonical form.
    """
    answer = read(data)
    if "math" in chosen:
        start = time.process_time()
        canonical, limited = canonicalize(answer)
        assert time.process_time() - start < SECONDS, f"{time.process_time() - start:.1f} s for {answer!r}"
        if canonical is not None and not limited:
            again = canonical_math(canonical)
            assert again == canonical, f"{answer!r} -> {canonical!r} -> {again!r}"
    for name in chosen:
        kind = TYPES[name]
        start = time.process_time()
        found, limited = kind.grade(answer)
        seconds = time.process_time() - start
        again = None if found is None or limited else kind.canonicalize(found)
        assert seconds < SECONDS, f"{name}: {seconds:.1f} s for {answer!r}"
        assert found is None or limited or again == found, f"{name}: {answer!r} -> {found!r} -> {again!r}"


def main() -> None:
    """Fuzz until libFuzzer's options say stop."""
    limits.default_pool().warm_up()
    atheris.Setup([argument for argument in sys.argv if argument not in TYPES], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
