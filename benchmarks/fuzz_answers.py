"""A coverage-guided fuzzer for the answers: looks for crashes, slow answers and forms that are not stable.

    python benchmarks/fuzz_answers.py [-max_total_time=60] [CORPUS_FOLDER]

Needs ``atheris``, which is none of the project's dependencies. The options are those of libFuzzer.
"""

import sys
import time

import atheris

with atheris.instrument_imports(include=["ttrl_verl.reward_fns"]):
    from ttrl_verl.reward_fns.answers import get_answer_type
    from ttrl_verl.reward_fns.answers.mathematics import limits
    from ttrl_verl.reward_fns.answers.mathematics.canonical import canonical_math, canonicalize
    from ttrl_verl.reward_fns.answers.number import canonical_number

SECONDS = 1.5
LATEX = (
    "\\frac{ }{ } \\sqrt{ ^{ \\left( \\right] \\text{ \\pm \\cup \\begin{pmatrix} \\end{pmatrix} \\\\ & \\{ \\} "
    "\\in \\pi 9**9 ! <= _{ \\overline{ \\sin"
)
PIECES = LATEX.split()


def read(data: bytes) -> str:
    """Return an answer of characters and pieces of LaTeX: bytes above 200 name a piece."""
    return "".join(PIECES[byte % len(PIECES)] if byte > 200 else chr(byte) for byte in data)


def one_input(data: bytes) -> None:
    """Judge one answer.

    Raises:
        AssertionError: it took too long, or its canonical form is not its own canonical form.
    """
    answer = read(data)
    start = time.monotonic()
    canonical, limited = canonicalize(answer)
    seconds = time.monotonic() - start
    assert seconds < SECONDS + (limits.SECONDS if limited else 0), f"{seconds:.1f} s for {answer!r}"
    if canonical is not None and not limited:
        assert canonical_math(canonical) == canonical, f"{answer!r} -> {canonical!r} -> {canonical_math(canonical)!r}"
    canonical_number(answer)
    for name in ("math", "number"):
        get_answer_type(name).answer(answer)


def main() -> None:
    """Fuzz until libFuzzer's options say stop."""
    limits.default_pool().warm_up()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
