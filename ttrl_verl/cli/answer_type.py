"""``--answer-type`` and ``--choices``, as several commands take them."""

from ttrl_verl.errors import InputError
from ttrl_verl.reward_fns.answers import AnswerType, get_answer_type


def parse_answer_type(name: str, choices: str | None, *, last_number: bool = False) -> AnswerType:
    """Return the answer type.

    Args:
        name: ``--answer-type``.
        choices: ``--choices``: how many letters, or the words with commas between.
        last_number: ``ttrl.last_number``.

    Raises:
        InputError: the name is unknown, or the choices are not what was expected.
    """
    if choices is not None and name != "choice":
        raise InputError(f"--choices is for --answer-type choice, not {name}")
    try:
        return get_answer_type(name, choices=4 if choices is None else parse_choices(choices), last_number=last_number)
    except ValueError as error:
        raise InputError(str(error)) from error


def chosen_answer_type(name: str | None, choices: str | None) -> dict[str, object]:
    """Return the keys of ``ttrl`` that ``--answer-type`` and ``--choices`` set; none where neither is given.

    Raises:
        InputError: as ``parse_answer_type``.
    """
    if name is None and choices is None:
        return {}
    parse_answer_type(name or "choice", choices)
    return {"answer_type": name or "choice"} | ({} if choices is None else {"choices": parse_choices(choices)})


def parse_choices(choices: str) -> int | list[str]:
    """Return ``--choices``: a number of letters, or words.

    Example:
        >>> parse_choices("4"), parse_choices("yes, no")
        (4, ['yes', 'no'])
    """
    if choices.isascii() and choices.isdigit() and len(choices) < 5:
        return int(choices)
    return [word.strip() for word in choices.split(",")]
