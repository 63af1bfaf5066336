r"""Plain numbers: the one that a response settles on, compared by value.

A number is what stands for one value: an operand (``6`` in ``6*7``), a factor (``2\pi``), an exponent of a unit, a
subscript or a reference ("equation (3)") is none.
"""

import re

from ttrl_verl.reward_fns.answers.boxes import boxed
from ttrl_verl.reward_fns.answers.marked import from_json, tagged
from ttrl_verl.reward_fns.answers.number.adjuncts import without_adjunct
from ttrl_verl.reward_fns.answers.number.arithmetic import evaluated
from ttrl_verl.reward_fns.answers.number.context import (
    IS_LIST,
    LIST_MARK,
    WORDS_START,
    asks,
    ends_without,
    is_reference,
    is_unsolved,
    without_label,
)
from ttrl_verl.reward_fns.answers.number.of_line import (
    LINE_CHARS,
    found_in,
    in_words,
    lists_numbers,
    of_line,
    of_statement,
)
from ttrl_verl.reward_fns.answers.number.spelling import one_spelling
from ttrl_verl.reward_fns.answers.number.words import spelled_value
from ttrl_verl.reward_fns.answers.number.written import MAX_CHARS, canonical_number, numbers
from ttrl_verl.reward_fns.answers.statement.find import latest, negated, statements
from ttrl_verl.reward_fns.answers.statement.subject import subject_of_answer

_LABELS = ("result", "total:", "value:", "solution:")
_STATED_CHARS = 300
_MAX_LINES = 6

_DIGIT = re.compile("[\\d¼-¾⅐-⅞]")
_ASIDE = re.compile(r"(?<=[\d%\w])\s\([^()]*\)|(?<=[\d%\w.])\s?\[\d{1,3}\]")
_BECAUSE = re.compile(r"[,;]?\s(?:because|since|given that|as in|see|by\s[a-z]{3,12}ing)\s", re.IGNORECASE)
_SENTENCE_END = re.compile(r"\n|[.!?](?=\s+[A-Z(])|[。！？；]|;\s")


def extract_number(text: str) -> str | None:
    r"""Return the number that a response settles on; ``None`` where there is none.

    In this order: what ``<answer>`` or the last ``\boxed{}`` holds, or ``"answer"`` in JSON; the first number behind
    "the answer is"; the number in "42 is the answer"; the last number of the text. A response whose last box was cut
    off has no answer, nor has one whose box holds no number or several.

    Example:
        >>> extract_number("3 apples and 4 pears make 7 fruits, as in equation (2).")
        '7'
        >>> extract_number(r"\boxed{\frac{1}{2}}"), extract_number("pages 3-4"), extract_number(r"\boxed{2\pi}")
        ('\\frac{1}{2}', '4', None)
    """
    text = _HTML.sub("", text) if "<" in text else text
    held = tagged(text)
    if held is not None:
        has_box, box = boxed(held)
        found = _only(box or "") if has_box else _only(held) or _stated(held) or None
        if found is not None:
            return found
        if not has_box and any(c.isdigit() for c in held):  # several, or a sentence
            return _last(held) if _WORD.search(held) else None
    has_box, held = boxed(text)
    if has_box:
        return None if held is None else _only(held)
    held = from_json(text)
    if held is not None:
        found = _only(held)
        if found is not None:
            return found
        if "," in held and not _WORD.search(held):  # several
            return None
    stated = _stated(text)
    if stated is not None:
        return stated or None
    return _last(text) if _DIGIT.search(text) else in_words(text, lone=True)


_HTML = re.compile(r"</?(?:b|strong|em|i|u|p|span|div)>", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2}")
# As most are, without anything that could make it something else.
_PLAIN = re.compile(r"[-+]?\d{1,18}(?:\.\d{1,18})?", re.ASCII)
_PLAIN_STATED = re.compile(
    r"[\s:]?[\s*$]{0,4}([-+]?\d{1,18}(?:\.\d{1,18})?)[*$]{0,3}(?:\.?[*]{0,2}(?:\n|\Z)|\.\s(?=[A-Z]))", re.ASCII
)


def _only(held: str) -> str | None:
    """Return the one number that an answer gives; behind its last equals sign, where it has one."""
    if _PLAIN.fullmatch(held):
        return held
    text = one_spelling(held[:MAX_CHARS])
    text = text[text.rfind("=") + 1 :] if "=" in text else text
    if canonical_number(text) is not None:
        return text.strip()
    values = {canonical_number(number): number for _, number in numbers(_without_asides(text))}
    lone = len(values) == 1 and not re.search(r"\\(?:sqrt|pi|frac|log|ln|pm)|[π√±!]", text)
    return next(iter(values.values())) if lone else None


def _without_asides(text: str) -> str:
    """Drop the parentheses and references behind a number: "42 (see step 3)", "42 [1]"."""
    if "(" not in text and "[" not in text:
        return text
    kept = _ASIDE.sub("", text)
    return kept if any(c.isdigit() for c in kept) else text


def _stated(text: str) -> str | None:
    """Return the number behind the last statement of an answer, or the one that is said to be the answer.

    Empty where a statement leaves open which of several it is.
    """
    last = latest(text, _LABELS)
    plain = _PLAIN_STATED.match(text, last.end) if last and not text.endswith("in ", 0, last.start) else None
    if plain:
        return plain[1]
    for statement in reversed(statements(text, _LABELS)):
        plain = _PLAIN_STATED.match(text, statement.end)
        if plain:
            return plain[1]
        if text.endswith(("in ", "In "), 0, statement.start):  # "15 in total: 7 red and 8 blue"
            continue
        rest = text[statement.end : statement.end + _STATED_CHARS].lstrip(" \n\t*_`#>:")
        if negated(text, statement):
            but = re.search(r"\bbut\s", rest)
            if not but:
                continue
            rest = rest[but.end() :]
        rest = one_spelling(rest)
        end = _SENTENCE_END.search(rest)
        sentence = rest[: end.start()] if end else rest
        because = _BECAUSE.search(sentence)
        sentence = sentence[: because.start()] if because else sentence
        if "=" in sentence and not re.search(r"\d.*,.*=", sentence):
            sentence = sentence[sentence.rfind("=") + 1 :]
        sentence = _without_asides(sentence)
        found = found_in(sentence)
        if found:
            return of_statement(sentence, found) or ""
        if any(c.isdigit() for c in sentence):  # an expression
            value = evaluated(sentence.strip(" $.*"))
            return None if value is None else str(value)
        words = WORDS_START.match(sentence)
        number_in_words = spelled_value(sentence, words.end() if words else 0)
        if number_in_words is not None:
            return str(number_in_words[0])
    subject = subject_of_answer(text)
    return None if subject is None else _only(subject)


def _last(text: str) -> str | None:
    """Return the last number of the last lines that have one: no reference, unless there is nothing else."""
    if ends_without(text) or asks(text) or lists_numbers(text):
        return None
    value = evaluated(one_spelling(text[:MAX_CHARS])) if len(text) < LINE_CHARS else None
    if value is not None:
        return str(value)
    end, fallback = len(text), None
    if not _DIGIT.search(text, text.rfind("\n") + 1):
        words = in_words(text, lone=False)
        if words is not None:
            return words
    for _ in range(_MAX_LINES):
        while end > 0 and not text[end - 1].isdigit() and not "¼" <= text[end - 1] <= "⅞":
            end -= 1
        start = text.rfind("\n", 0, end) + 1
        stop = text.find("\n", end)
        raw = text[start:end]
        if _PLAIN.fullmatch(raw) and not text[end : end + 10].strip("\n .*$"):
            return raw
        line = one_spelling(text[max(start, end - LINE_CHARS) : min(stop if stop >= 0 else len(text), end + 40)])
        line = _without_asides(without_adjunct(_before_reason(line)))
        line = (
            LIST_MARK.sub("", line, count=1) if LIST_MARK.match(line) and IS_LIST.search(text) else without_label(line)
        )
        if is_unsolved(line):
            return None
        behind = _WORDS_BEHIND.search(text, end, end + _STATED_CHARS)
        words = spelled_value(text, behind.end()) if behind else None
        if words is not None:
            return str(words[0])
        found = found_in(line)
        kept = [(at, number) for at, number in found if not is_reference(line, at, number)]
        if kept:
            return of_line(line, kept)
        fallback = fallback or (found[-1][1] if found else None)
        end = start - 1
        if end <= 0:
            break
    return fallback


# "2x + 1 = 7, hence x equals three"
_WORDS_BEHIND = re.compile(
    r"\b(?:so|hence|thus|therefore|making|makes)\b[^.;\n]{0,30}?(?:\b(?:equals|is|are)\s|(?<=making )"
    r"|(?<=makes ))(?!one\b)(?=[a-z])"
)


def _before_reason(line: str) -> str:
    """Return a line up to its reason, where a number stands before that: "42, because 6 * 7 is 42"."""
    because = _BECAUSE.search(line)
    if because and because.group()[0] == ";" and re.search(r",\s[^,]*\d", line[because.end() :]):
        return line  # "; since x > 0, x = 18" is no reason for what is before
    return line[: because.start()] if because and any(c.isdigit() for c in line[: because.start()]) else line
