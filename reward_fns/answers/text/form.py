r"""Free text, compared: one case, spelling, order and punctuation for what people take for the same answer."""

import re
import unicodedata
from functools import lru_cache

from ttrl_verl.reward_fns.answers.look_alikes import compatible, without_fonts

_MAX_CHARACTERS = 1000
ABBREVIATIONS = frozenset(
    (  # noqa: SIM905 - a list of 80 is easier to scan as text
        "adm approx apt aug ave bldg blvd bros brig ca capt cf cmdr co col corp cpl dec dept dr ed eds esp "
        "est etc ex feb fig ft fr gen gov hon inc jan jr lt ltd maj mr mrs messrs ms mt nos no nov oct op pg "
        "ph phd pl pop pp pres prof pvt rd rep rev sen sept sep sgt sr sra srta st ste supt univ viz vol vs "
        "mme mlle d.c u.s u.k u.n e.g i.e a.k.a "
    ).split()
)
"""Words whose full stop ends no sentence, in small letters."""
_QUOTES = str.maketrans(
    {**dict.fromkeys("’‘ʼ′´`‛＇", "'"), **dict.fromkeys("“”„‟″«»", '"'), **dict.fromkeys("‐‑‒–—―−﹣－", "-")}
)
_INITIALS = re.compile(r"(?<![\w.])(?:[^\W\d_]\.\s?){2,}(?!\w)|(?<![\w.])(?:[^\W\d_]\.\s?){1,}(?=[^\W\d_])")
_DOTTED = re.compile(r"(?<!\w)(?:[^\W\d_]{1,2}\.){1,6}[^\W\d_]{1,2}\.?(?!\w)")
_SHORT_FORM = re.compile(
    r"(?<![\w.])("
    + "|".join(sorted((a for a in ABBREVIATIONS if "." not in a), key=len, reverse=True))
    + r")\.(?=\s|\Z)"
)
_NAMES = {"st": "saint", "mt": "mount", "ft": "fort"}
_BEFORE_NAME = re.compile(r"(?<![\w'])(st|mt|ft) (?=[^\W\d_]{2})")
_ARTICLE = re.compile(r"(?:(?:the|a|an) )+(?=[^\W_]|[.$#\"'(])")
_TRAILING_ASIDE = re.compile(r"(?<=[^\s(])(?: ?[(（][^()（）]*[)）])+[\s.*\"]*\Z")
_UNIT_GAP = re.compile(r"(?<=\d) (?=[%‰°])|(?<=\d)(?=(?:km|cm|mm|kg|mg|ml|mph|kwh|ghz|mhz)\b)")
# Which bearer of a name is meant, as an encyclopedia tells them apart.
_SENSE = re.compile(r"(?<=[^\W\d_]) ?\(([a-z]{3,20})\)[\s.*\"]{0,5}\Z")
_BULLET = re.compile(r"\A[-•–→]\s+(?=[^\W\d])")
_HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
_OPERATOR_GAP = re.compile(r" ?([<>=≤≥+*×÷/]{1,2}) ?(?=[\w\\(.-])")
_COMMA = re.compile(r"(?<=[^\W\d_]),(?= )|,(?= [^\W\d_])")
_GROUP = re.compile(r"(?<![\d,.])(\d{1,3}(?:,\d{3})+)(?![\d,])")
_ZEROS = re.compile(r"(?<![\w.,:/-])0+(?=\d+\Z)")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTH = "|".join([*_MONTHS, *(m[:3] for m in _MONTHS), "sept"])
_DATE = re.compile(rf"(?<!\w)({_MONTH}) (\d{{1,2}})(?:st|nd|rd|th)?(?:,? (\d{{4}}))?(?!\w)")
_DAY_FIRST = re.compile(rf"(?<!\w)(?:the )?(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH})(?:,? (\d{{4}}))?(?!\w)")
# What a place is, beside its name: "River Nile", "Mount Everest", "the city of Rome", 北京市.
_KIND_OF_PLACE = re.compile(
    r"\A(?:(?:river|mount|(?:city|state|republic|kingdom|island) of) )+(?=[^\W\d_]{3})|(?<=[^\W\d_]{3}) river\Z"
    r"|(?<=[\u4e00-\u9fff]{2})[市省县縣]\Z"
)
_YEAR = re.compile(r"(?:in )+(?=\d{3,4}\Z)")
_FLAGS = re.compile("[\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\ufe0e\ufe0f]+")
_PICTURES = re.compile("[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")
_LETTERS_JOINED = re.compile(r"(?<=\b\w) & (?=\w\b)")  # "R & B"
_AND = re.compile(r"(?<=\s)(?:&|'n'|n')(?=\s)")
_EDGE = " .,;:!?\"'*_>()[]{}|~^=…。，、；：？！．｡،؟।「」『』《》〈〉（）【】〔〕¿¡"


@lru_cache(maxsize=10_000)  # the votes on a question repeat each other
def canonical_text(answer: str) -> str | None:
    r"""Return the text in one case and spelling.

    Alike become: case, spaces, LaTeX fonts, typographic quotes, accents of Latin letters, hyphens, the full stops of
    initials and abbreviations ("J.K.", "U.S.A.", "Dr."), Saint and St., a leading article, the order of a date, the
    punctuation around it, a parenthesis and pictures behind it. Different stay "C#" and "C", ".NET" and "net", "$5" and
    "5", "-5" and "5", and what a lone small word in parentheses tells apart: "Georgia (country)", "Georgia (state)".
    ``None`` where nothing is left, or more than 1,000 characters: so long a text is no answer.

    Example:
        >>> canonical_text("  The  Nile. "), canonical_text(r"\text{Paris}"), canonical_text("J. K. Rowling")
        ('nile', 'paris', 'jk rowling')
        >>> canonical_text("C#"), canonical_text(".NET"), canonical_text("$5"), canonical_text("July 4, 1776")
        ('c#', '.net', '$5', '4 july 1776')
    """
    answer = " ".join(answer.split())
    if len(answer) > _MAX_CHARACTERS:
        return None
    normal, before = compatible(answer), None
    sense = _SENSE.search(normal)
    if sense and not any(map(str.isdigit, normal[: sense.start()])):
        name = canonical_text(normal[: sense.start()])
        told = f"{name} ({sense[1]})"
        return told if name and _SENSE.search(told) and not _SENSE.search(name) else name
    for _ in range(_MAX_CHARACTERS):  # until it stays as it is: each pass takes one of many articles
        if before == normal or len(normal) > _MAX_CHARACTERS:
            break
        before = normal
        normal = _once(normal)
    return normal if normal and normal == before else None


def _once(text: str) -> str:
    text = " ".join(without_fonts(text).translate(_QUOTES).casefold().split())
    if not text.isascii():
        text = compatible(text).translate(_QUOTES)
        text = _without_accents(text) if len(text) > 2 else text  # "où" is not "ou"
        bare = _FLAGS.sub("", text)
        bare = _PICTURES.sub("", bare) if _PICTURES.sub("", bare).strip(_EDGE) else bare
        text = bare if bare.strip() else text
    text = _initials(_edges(_TRAILING_ASIDE.sub("", _BULLET.sub("", text))))
    text = _SHORT_FORM.sub(r"\1", text)
    text = _BEFORE_NAME.sub(lambda found: _NAMES[found[1]] + " ", text)
    text = _LETTERS_JOINED.sub("&", text)
    text = _AND.sub("and", _COMMA.sub("", _HYPHEN.sub(" ", text)))
    text = _DATE.sub(_day_first, text)
    text = _DAY_FIRST.sub(
        lambda found: " ".join(filter(None, (found[1].lstrip("0"), _month(found[2]), found[3]))), text
    )
    text = _UNIT_GAP.sub(lambda gap: "" if gap.group() else " ", text)
    text = _GROUP.sub(lambda found: found[1].replace(",", ""), _OPERATOR_GAP.sub(r"\1", text))
    text = _YEAR.sub("", _ZEROS.sub("", text), count=1) if text[:3] == "in " else _ZEROS.sub("", text)
    text = _ARTICLE.sub("", text, count=1) if _ARTICLE.match(text) else text
    text = _KIND_OF_PLACE.sub("", text)
    return _edges(" ".join(text.split()))


def _edges(text: str) -> str:
    """Drop the punctuation around a text, but not what belongs to it: ".NET", "C#", "$5"."""
    kept = text.strip(" ")
    while kept:
        before = kept
        kept = kept.rstrip(_EDGE + "$>").lstrip(_EDGE.replace(".", "") + "#>")
        if kept[:1] == "." and not (kept[1:2].isalnum()):
            kept = kept[1:]
        if kept[:1] == "$" and not kept[1:2].isdigit():
            kept = kept[1:]
        if kept[-1:] == "#" and not kept[-2:-1].isalpha():
            kept = kept[:-1]
        if kept == before:
            break
    return kept


def _initials(text: str) -> str:
    """Return a text whose initials stand together without full stops: "J. K. Rowling" and "U.S.A."."""
    if "." not in text:
        return text
    text = _DOTTED.sub(lambda found: found.group().replace(".", ""), text)
    return _INITIALS.sub(lambda found: found.group().replace(".", "").replace(" ", "") + " ", text)


def _without_accents(text: str) -> str:
    """Return the text with Latin letters that bear no accent; letters of other alphabets keep their marks."""
    kept = []
    for character in unicodedata.normalize("NFD", text):
        if not (unicodedata.combining(character) and kept and "a" <= kept[-1] <= "z"):
            kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept)).translate(_LIGATURES)


_LIGATURES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})


def _month(name: str) -> str:
    return next(month for month in _MONTHS if month.startswith(name[:3]))


def _day_first(found: re.Match[str]) -> str:
    return " ".join(filter(None, (found[2].lstrip("0"), _month(found[1]), found[3])))
