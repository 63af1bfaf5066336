r"""Mathematical answers: found in a response, brought to one canonical text, and compared as text.

Why not math-verify. It compares two answers at a time: a vote over 64 responses needs up to 2,016 comparisons, "equal"
is not transitive, and ``verify(a, b)`` is not always ``verify(b, a)``, so that who wins depends on who was sampled
first. Here an answer is read once, and a vote counts strings. ``benchmarks/README.md``: ten groups of 64 responses take
51.5 ms here and 14,603 ms pairwise; of 2,000 generated pairs this package is right on all on which the two disagree.
Its families are its own; ``benchmarks/answer_cases.py`` judges both on cases that others made.

An answer goes through six steps:

1. ``finding``: the answer that a response gives, as it is written there: marked, behind "the answer is", or in the last
   sentence that concludes.
2. ``latex``: one spelling for what looks the same on paper. ``written`` tells times, dates and scores from arithmetic.
3. ``tokens``, ``letters``, ``units``: tokens; letters in a row are a product or a word; words behind a number are a
   unit, or make another answer.
4. ``parser``: a tree of ``nodes``. Nothing that a model wrote is evaluated by Python.
5. ``structure``, ``relation``, ``naming``, ``scalar``, ``evaluate``, ``exact``, ``terms``: the tree's canonical text,
   by exact arithmetic on a budget.
6. ``symbolic``: the same by sympy, for what exact arithmetic does not hold, in the killable processes of ``limits``.

What no step reads is compared as text.

Two invariants hold for every input, and tests hold them:

- Equality is an equivalence by construction: two answers are equal where their canonical texts are.
- A canonical text reads back to itself: ``canonical_math(canonical_math(a)) == canonical_math(a)``, unless a limit
  was passed. A label may be stored, and is read again as it was.
"""

from ttrl_verl.reward_fns.answers.mathematics.canonical import canonical_math, canonicalize, exact_form, warm_up
from ttrl_verl.reward_fns.answers.mathematics.finding.find import extract_math

__all__ = ["canonical_math", "canonicalize", "exact_form", "extract_math", "warm_up"]
