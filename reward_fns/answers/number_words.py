"""Numbers in words: "twenty-five", "three hundred and forty-two"."""

import re

_BELOW_TWENTY = (  # noqa: SIM905 - easier to scan as text
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_VALUES = {
    **{word: value for value, word in enumerate(_BELOW_TWENTY)},
    **{word: 10 * value for value, word in enumerate(_TENS, 2)},
}
_WORD = f"(?:{'|'.join(sorted([*_VALUES, *_SCALES, 'hundred'], key=len, reverse=True))})(?![a-z])"
# Not "one half", "two dozen", "three of them", "four or five", "twenty-first".
_PHRASE = re.compile(
    rf"(?P<minus>(?:minus|negative)\s)?(?P<words>(?:an?\s(?=hundred|thousand|million|billion))?{_WORD}"
    rf"(?:(?:[ -]|,\s|\sand\s){_WORD}){{0,20}})"
    r"(?!-?\s?(?:half|halves|thirds?|fourths?|quarters?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?"
    r"|hundredths?|dozen|pairs?|times|squared|cubed|plus|minus|or|to|and|of|more|less|point)\b|-[a-z]|\w)",
    re.IGNORECASE,
)


def spelled(text: str, at: int = 0) -> tuple[int, int] | None:
    """Return the integer whose words begin there, and where they end; ``None`` where no number in words does.

    Example:
        >>> spelled("twenty-five apples"), spelled("a hundred and two"), spelled("minus seven")
        ((25, 11), (102, 17), (-7, 11))
        >>> spelled("two dozen"), spelled("one half"), spelled("one two"), spelled("none")
        (None, None, None, None)
    """
    phrase = _PHRASE.match(text, at)
    if phrase is None:
        return None
    value = _value(phrase["words"].lower())
    return None if value is None else (-value if phrase["minus"] else value, phrase.end())


def _value(phrase: str) -> int | None:
    """Return what the words add up to; ``None`` where they follow each other as no number's do."""
    total, below, least_scale, before = 0, 0, 10**15, ""
    for word in re.findall(r"[a-z]+", phrase):
        if word in ("a", "an"):
            below = 1
        elif word == "and":
            if before != "hundred" and before not in _SCALES:
                return None
        elif word == "hundred":
            if not 1 <= below <= 99:
                return None
            below *= 100
        elif word in _SCALES:
            if not below or _SCALES[word] >= least_scale:
                return None
            least_scale = _SCALES[word]
            total, below = total + below * least_scale, 0
        else:
            value = _VALUES[word]
            room = below % 100
            if (room and not (room % 10 == 0 and room >= 20 and 1 <= value <= 9)) or before == "zero":
                return None
            below += value
        before = word
    return total + below
