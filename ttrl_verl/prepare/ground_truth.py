"""Whether a ground truth can be graded at all: one that does not equal itself would make every response wrong."""

from functools import lru_cache

from ttrl_verl.reward_fns.answers import AnswerType
from ttrl_verl.reward_fns.answers.row_type import of_row

_REMEMBERED = 100_000


class SelfCheck:
    """Grades ground truths against themselves.

    Example:
        >>> from ttrl_verl.reward_fns.answers import get_answer_type
        >>> check = SelfCheck(get_answer_type("number"))
        >>> check("025"), check.canonical("025")
        (None, '25')
        >>> check("none of them")
        'is no answer of type number'
    """

    def __init__(self, answer_type: AnswerType) -> None:
        self._answer_type = answer_type
        # The labels of a large file repeat, and mathematics takes its time.
        self._graded = lru_cache(_REMEMBERED)(self._grade)

    def __call__(self, label: str, row_type: str | None = None) -> str | None:
        """Return what is wrong with a ground truth, or ``None``.

        Args:
            label: as its file has it.
            row_type: the row's own answer type; ``None`` for the one of this check.
        """
        return self._graded(label, row_type)[1]

    def canonical(self, label: str, row_type: str | None = None) -> str | None:
        """Return its canonical form."""
        return self._graded(label, row_type)[0]

    def _grade(self, label: str, row_type: str | None) -> tuple[str | None, str | None]:
        kind = of_row(row_type, self._answer_type)
        canonical, limited = kind.canonical(label)
        if canonical is None:
            return None, f"is no answer of type {kind.name}"
        if limited:
            return canonical, "runs past a grading limit"
        answer = kind.answer(f"The answer is \\boxed{{{label}}}.")
        if answer != canonical:
            return canonical, f"is {canonical!r} as a label and {answer!r} in a response"
        return canonical, None
