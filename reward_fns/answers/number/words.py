"""Numbers in words: "twenty-five", "three hundred and forty-two"."""

import re
from fractions import Fraction

_BELOW_TWENTY = (  # noqa: SIM905 - easier to scan as text
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
CARDINALS = (*_BELOW_TWENTY, *_TENS)
"""The words below a hundred that name a number by themselves."""
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_VALUES = {
    **{word: value for value, word in enumerate(_BELOW_TWENTY)},
    **{word: 10 * value for value, word in enumerate(_TENS, 2)},
}
# What makes another number, or none, of the word before it: "one half", "three of them", "four or five".
_GOES_ON = (
    "half|halves|thirds?|fourths?|quarters?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|hundredths?|pairs?|times"
    "|squared|cubed|plus|minus|or|to|and|of|more|less|point"
)
_WORD = f"(?:{'|'.join(sorted([*_VALUES, *_SCALES, 'hundred'], key=len, reverse=True))})(?![a-z])"
# Not "two dozen", "twenty-first".
_PHRASE = re.compile(
    rf"(?P<minus>(?:minus|negative)\s)?(?P<words>(?:an?\s(?=hundred|thousand|million|billion))?{_WORD}"
    rf"(?:(?:[ -]|,\s|\sand\s){_WORD}){{0,20}})"
    rf"(?!-?\s?(?:{_GOES_ON}|dozen)\b|-[a-z]|\w)",
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


# What makes a number of a cardinal: "twenty-three and a half", "one point five million", "two dozen", "two thirds".
_FINER = re.compile(
    rf"\sand\s(?P<over>an?|{'|'.join(_BELOW_TWENTY[1:10])})[ -]"
    r"(?P<part>half|halves|(?:third|quarter|fourth|fifth|eighth)s?)"
    rf"|\spoint(?P<digits>(?:[ -](?:{'|'.join(_BELOW_TWENTY[:10])})(?![a-z])){{1,12}})"
    r"|[ -](?P<of>halves|thirds|quarters|fourths|fifths|sixths|eighths|tenths)(?:\sof\b)?",
    re.IGNORECASE,
)
_LARGER = re.compile(r"\s(?P<scale>dozen|hundred|thousand|million|billion|trillion)(?![a-z])", re.IGNORECASE)
_CARDINAL = re.compile(
    rf"(?P<minus>(?:minus|negative)\s)?(?P<words>{_WORD}(?:(?:[ -]|,\s|\sand\s){_WORD}){{0,20}})", re.IGNORECASE
)
_A_SCALE = re.compile(
    r"(?P<half>half\s)?an?\s(?P<scale>dozen|hundred|thousand|million|billion)(?![a-z])", re.IGNORECASE
)
_BELONGS = re.compile(rf"-?\s?(?:{_GOES_ON})\b|-[a-z]|\w", re.IGNORECASE)


def spelled_value(text: str, at: int = 0) -> tuple[Fraction, int] | None:
    """Return the number whose words begin there, no integer alone, and where they end; ``None`` where none does.

    "One half" and "a quarter" are no numbers here: more often than not they say how much of a thing.

    Example:
        >>> spelled_value("twenty-three and a half"), spelled_value("two dozen eggs"), spelled_value("half a million")
        ((Fraction(47, 2), 23), (Fraction(24, 1), 9), (Fraction(500000, 1), 14))
        >>> spelled_value("one point five"), spelled_value("three quarters of it"), spelled_value("three of it")
        ((Fraction(3, 2), 14), (Fraction(3, 4), 14), None)
    """
    scaled = _A_SCALE.match(text, at)
    if scaled:
        value = Fraction(_OF_SCALE[scaled["scale"].lower()], 2 if scaled["half"] else 1)
        if scaled["half"] or scaled["scale"].lower() == "dozen":
            return None if _BELONGS.match(text, scaled.end()) else (value, scaled.end())
    whole = spelled(text, at)
    if whole is not None and not _LARGER.match(text, whole[1]):
        return Fraction(whole[0]), whole[1]
    cardinal = _CARDINAL.match(text, at)
    if cardinal is None:
        return None
    words = cardinal["words"]
    units = _value(words.lower())
    if units is None and " and " in words:  # "one and three quarters"
        words = words[: words.rfind(" and ")]
        units = _value(words.lower())
    if units is None:
        return None
    value, end = Fraction(units), cardinal.start("words") + len(words)
    finer = _FINER.match(text, end)
    if finer:
        end = finer.end()
        if finer["digits"]:
            digits = "".join(str(_VALUES[word]) for word in re.findall(r"[a-z]+", finer["digits"].lower()))
            value += Fraction(int(digits), 10 ** len(digits))
        elif finer["part"]:
            over = finer["over"].lower()
            value += Fraction(1 if over in ("a", "an") else _VALUES[over], _part(finer["part"]))
        else:
            value /= _part(finer["of"])
    larger = _LARGER.match(text, end)
    if larger:
        value, end = value * _OF_SCALE[larger["scale"].lower()], larger.end()
    if not (finer or larger) or (_BELONGS.match(text, end) and not text[:end].endswith(" of")):
        return None
    if text[:end].endswith(" of"):
        end -= len(" of")
    return (-value if cardinal["minus"] else value), end


_OF_SCALE = {"dozen": 12, "hundred": 100, **_SCALES}


def _part(name: str) -> int:
    return _PARTS["half" if name.lower() == "halves" else name.lower().removesuffix("s")]


_PARTS = {
    "half": 2, "halves": 2, "third": 3, "fourth": 4, "quarter": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10,
}  # fmt: skip
_FRACTION = re.compile(
    rf"(?P<minus>(?:minus|negative)\s)?(?:(?P<whole>{_WORD})\sand\s)?"
    rf"(?:(?P<top>an?|{'|'.join(_BELOW_TWENTY[1:10])})[ -])?(?P<part>{'|'.join(_PARTS)})s?",
    re.IGNORECASE,
)


def spelled_fraction(text: str) -> Fraction | None:
    """Return the fraction that a text names in words; ``None`` where it is more than that.

    Example:
        >>> spelled_fraction("two-thirds"), spelled_fraction("one and a half"), spelled_fraction("third place")
        (Fraction(2, 3), Fraction(3, 2), None)
    """
    match = _FRACTION.fullmatch(text.strip())
    if match is None or (match["top"] is None and match["part"].lower() != "half"):
        return None
    top = match["top"] or "a"
    value = Fraction(1 if top.lower() in ("a", "an") else _VALUES[top.lower()], _PARTS[match["part"].lower()])
    value += _VALUES.get((match["whole"] or "zero").lower(), 0)
    return -value if match["minus"] else value


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
