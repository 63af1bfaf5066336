r"""Plain numbers: the one that a response settles on, compared by value.

A number is what stands for one value: an operand (``6`` in ``6*7``), a factor (``2\pi``), an exponent of a unit, a
subscript or a reference ("equation (3)") is none.
"""

import re
from fractions import Fraction

from ttrl_verl.reward_fns.answers.boxes import boxed
from ttrl_verl.reward_fns.answers.marked import from_json, tagged
from ttrl_verl.reward_fns.answers.number_context import (
    DENIED,
    IS_LIST,
    LIST_MARK,
    OPERATOR_BEFORE,
    OPERATOR_BEHIND,
    SAYS,
    WORDS_START,
    ends_without,
    is_one_of_several,
    is_reference,
    leaves_open,
    settled,
    without_adjunct,
)
from ttrl_verl.reward_fns.answers.number_spelling import UNITS, one_spelling
from ttrl_verl.reward_fns.answers.number_words import spelled
from ttrl_verl.reward_fns.answers.rational import MAX_DIGITS, rational
from ttrl_verl.reward_fns.answers.statement import latest, negated, statements, subject_of_answer

_LABELS = ("result", "total:", "value:", "solution:")
_MAX_CHARS = 1000
_STATED_CHARS = 300
_LINE_CHARS = 600
_MAX_LINES = 6

# Digits are those of ASCII alone, and exponents are bounded, so that "1e999999999" costs nothing.
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d{1,3}(?: \d{3})+(?!\d)|\d+)"
_ARGUMENT = r"(?:\{\s{0,3}[-+]?\d{1,400}\s{0,3}\}|\d)"
_EXPONENT = r"(?:\^|\*\*)\s?(?:[{(]\s?[-+]?\d{1,3}\s?[})]|[-+]?\d{1,3})"
_NUMBER = re.compile(
    rf"(?P<sign>(?:(?<![\d)}}\]\w])(?<!\d\s)[-+]|\b(?:minus|negative)\s)\s?)?(?P<money>(?:US|A|C"
    rf"|HK)?[$€£¥₹]\s?(?P<inner>[-+])?)?"
    rf"(?:(?P<hours>\d{{1,2}}):(?P<minutes>[0-5]\d)(?::[0-5]\d)?(?![\d:])(?P<half>\s?[ap]\.?m\b)?"
    rf"|(?:(?P<whole>\d{{1,9}})(?:\s{{0,2}}(?=\\)|\s(?:and\s)?(?=\d{{1,3}}/\d)))?"
    rf"(?P<value>\\[dtc]?frac\s{{0,3}}{_ARGUMENT}\s{{0,3}}{_ARGUMENT}"
    rf"|(?:{_DIGITS}(?:\.\d+)?(?:[eE][-+]?\d{{1,3}}(?!\d))?|\.\d+)(?:\s?/\s?\d{{1,400}}(?![\d/]|\.\d))?)"
    rf"(?P<power>\s?{_EXPONENT})?(?P<ten>\s?[×*·x]\s?10\s?{_EXPONENT})?"
    rf"(?P<part>\sand\s(?:a|one|three)\s(?:half|third|quarters?)\b)?"
    rf"(?:\s(?P<scale>dozen|thousand|million|billion|trillion|millones|millionen|milhões|milioni)\b"
    rf"|(?P<suffix>k(?![\w/^])|[万萬亿億]))?)",
    re.ASCII | re.IGNORECASE,
)
_SCALES = {
    "dozen": 12, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    **dict.fromkeys(("millones", "millionen", "milhões", "milioni"), 10**6),
}  # fmt: skip
_SUFFIXES = {"k": 10**3, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}  # not 5K, five kelvin
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
    held = tagged(text)
    if held is not None:
        has_box, box = boxed(held)
        found = _only(box or "") if has_box else _only(held) or _stated(held) or None
        if found is not None:
            return found
    has_box, held = boxed(text)
    if has_box:
        return None if held is None else _only(held)
    held = from_json(text)
    if held is not None:
        found = _only(held)
        if found is not None:
            return found
    stated = _stated(text)
    if stated is not None:
        return stated or None
    return _last(text) if _DIGIT.search(text) else _in_words(text)


# As most are, without anything that could make it something else.
_PLAIN = re.compile(r"[-+]?\d{1,18}(?:\.\d{1,18})?", re.ASCII)
_PLAIN_STATED = re.compile(
    r"[\s:]?[\s*$]{0,4}([-+]?\d{1,18}(?:\.\d{1,18})?)[*$]{0,3}(?:\.?[*]{0,2}(?:\n|\Z)|\.\s(?=[A-Z]))", re.ASCII
)


def canonical_number(answer: str) -> str | None:
    r"""Return the number's value as a string: an integer or a fraction in lowest terms. ``None`` where it is no number.

    Money, percent, degree signs and units are dropped: 10% is 10. A time of day is in hours: 1:30 is 3/2.

    Example:
        >>> canonical_number("025"), canonical_number("142.0"), canonical_number("1,000"), canonical_number("-.50")
        ('25', '142', '1000', '-1/2')
        >>> canonical_number(r"-\$5"), canonical_number("10%"), canonical_number("1½"), canonical_number("five")
        ('-5', '10', '3/2', '5')
        >>> canonical_number(r"1.5 \times 10^3 \text{ m}^2"), canonical_number("3 million")
        ('1500', '3000000')
    """
    if len(answer) > _MAX_CHARS:
        return None
    value = rational(answer)
    if value is not None:
        return _written(value)
    bare = one_spelling(answer).strip(" $=")
    words = None if any(c.isdigit() for c in bare) else spelled(bare)
    if words is not None:
        return str(words[0]) if UNITS.match(bare, words[1]) else None
    match = _NUMBER.match(bare)
    if match is None or not UNITS.match(bare, match.end()):
        return None
    value = _value(match)
    return None if value is None else _written(value)


def _written(value: Fraction) -> str | None:
    """Return a value as a string; ``None`` where it has more digits than any number that is read."""
    written = str(value)
    return written if max(map(len, written.lstrip("-").split("/"))) <= MAX_DIGITS else None


def _is_negative(match: re.Match[str]) -> bool:
    return match["inner"] == "-" or (match["sign"] or "+").strip() != "+"


def _value(match: re.Match[str]) -> Fraction | None:
    """Return the value of a number that was found."""
    sign = -1 if _is_negative(match) else 1
    if match["hours"]:
        hours = int(match["hours"]) + (
            12 if (match["half"] or "").strip()[:1] in ("p", "P") and match["hours"] != "12" else 0
        )
        return Fraction(sign * (hours * 60 + int(match["minutes"])), 60)
    written = (
        match["value"].replace(" ", "") if " " in match["value"] and "frac" not in match["value"] else match["value"]
    )
    value = rational(written)
    if value is None:
        return None
    if match["whole"]:
        value += int(match["whole"])
    for power, base in ((match["power"], value), (match["ten"], Fraction(10))):
        if power:
            exponent = int(
                re.sub(r"[^\d\-]", "", power[power.rfind("^") + 1 :] if "^" in power else power.split("**")[1])
            )
            if (
                abs(exponent) > 999
                or (base == 0 and exponent < 0)
                or base.numerator.bit_length() * abs(exponent) > 4_000
            ):
                return None
            value = base**exponent if base is value else value * base**exponent
    if match["part"]:
        part = match["part"].lower()
        value += Fraction(3 if "three" in part else 1, 2 if "half" in part else 3 if "third" in part else 4)
    value *= _SUFFIXES.get(match["suffix"] or "", 1)
    return sign * value * _SCALES.get((match["scale"] or "").lower(), 1)


def _numbers(text: str) -> list[tuple[int, str]]:
    """Return the numbers of a cleaned text that stand for a value, each with where it begins."""
    found = []
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        if OPERATOR_BEHIND.match(text, end) or OPERATOR_BEFORE.search(text, max(0, start - 30), start):
            continue
        if match.group()[0] == "." and text[start - 1 : start].isdigit():  # 1.2.3
            continue
        sign = "-" if _is_negative(match) else ""
        found.append(
            (
                start,
                sign
                + text[match.end("money") if match["money"] else match.end("sign") if match["sign"] else start : end],
            )
        )
    return found


def _only(held: str) -> str | None:
    """Return the one number that an answer gives; behind its last equals sign, where it has one."""
    if _PLAIN.fullmatch(held):
        return held
    text = one_spelling(held[:_MAX_CHARS])
    text = text[text.rfind("=") + 1 :] if "=" in text else text
    if canonical_number(text) is not None:
        return text.strip()
    values = {canonical_number(number): number for _, number in _numbers(_without_asides(text))}
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
        found = [(at, number) for at, number in _numbers(sentence) if not DENIED.search(sentence, max(0, at - 20), at)]
        if found:
            at, number = found[0]
            return "" if is_one_of_several(sentence, at, number) else number
        if any(c.isdigit() for c in sentence):  # an expression: no number
            return None
        words = WORDS_START.match(sentence)
        number_in_words = spelled(sentence, words.end() if words else 0)
        if number_in_words is not None:
            return str(number_in_words[0])
    subject = subject_of_answer(text)
    return None if subject is None else _only(subject)


def _last(text: str) -> str | None:
    """Return the last number of the last lines that have one: no reference, unless there is nothing else."""
    if ends_without(text):
        return None
    end, fallback = len(text), None
    for _ in range(_MAX_LINES):
        while end > 0 and not text[end - 1].isdigit() and not "¼" <= text[end - 1] <= "⅞":
            end -= 1
        start = text.rfind("\n", 0, end) + 1
        stop = text.find("\n", end)
        raw = text[start:end]
        if _PLAIN.fullmatch(raw) and not text[end : end + 10].strip("\n .*$"):
            return raw
        line = one_spelling(text[max(start, end - _LINE_CHARS) : min(stop if stop >= 0 else len(text), end + 40)])
        because = _BECAUSE.search(line)
        if because and any(c.isdigit() for c in line[: because.start()]):
            line = line[: because.start()]
        line = _without_asides(without_adjunct(line))
        if LIST_MARK.match(line) and IS_LIST.search(text):
            line = LIST_MARK.sub("", line, count=1)
        found = [(at, number) for at, number in _numbers(line) if not DENIED.search(line, max(0, at - 20), at)]
        kept = [(at, number) for at, number in found if not is_reference(line, at, number)]
        if kept and leaves_open(line, kept):
            return None
        if kept:
            return settled(line, kept)
        fallback = fallback or (found[-1][1] if found else None)
        end = start - 1
        if end <= 0:
            break
    return fallback


def _in_words(text: str) -> str | None:
    """Return the number of a text without digits: the whole of it, or what its last line says that there are."""
    line = text.rstrip().rsplit("\n", 1)[-1].strip(" *_`#>.!")[-_LINE_CHARS:]
    words = WORDS_START.match(line)
    number = canonical_number(line[words.end() :] if words else line)
    if number is not None:
        return number
    found = [words[0] for says in SAYS.finditer(line) if (words := spelled(line, says.end())) is not None]
    return str(found[-1]) if found else None
