r"""What a response says behind "the answer is": a formula, a number, or words up to the sentence's end."""

import re

from ttrl_verl.reward_fns.answers.mathematics.finding.formulas import FORMULA, inside, money_before
from ttrl_verl.reward_fns.answers.mathematics.finding.values import UNFINISHED, last_implied
from ttrl_verl.reward_fns.answers.mathematics.units import unit_of
from ttrl_verl.reward_fns.answers.number.words import spelled, spelled_fraction

AROUND = " \t\n*_`:#>"
"""What may stand around an answer, as characters to strip."""
_AROUND_NUMBER = AROUND + "."
_NAMED = re.compile(r"(?:[a-zA-Z](?:_\{?\w{1,3}\}?)?\s{0,3}=\s{0,3})?")
_JOINT = re.compile(r"\s?(?:,|;|、|，)?\s?(?:and|or|&|和|或|与|と)?\s?")
_SENTENCE_END = re.compile(
    r"\n|(?<!\bsq)(?<!\bcu)\.(?=\s|\Z)|(?:(?<=[\d}$)\]%])|(?<=\\pi))\s[-–—]+\s(?=[A-Za-z]{2})|[。；！？]|(?:(?<=[\d}$)\]%])|(?<=\\pi))[,;，]\s?(?!\s?(?:(?:and"
    r"|or)\s)?[a-zA-Z](?:_\w)?\s?=)(?=[a-zA-Z\u4e00-\u9fff])"
    r"(?!(?:and|or)\s\S{1,12}(?:[.\s]|\Z))|,\s(?:which|where|so|because|since|as)\s"
    r"|(?<=[\d}$)%]),?\s(?:(?:or|i\.e\.,?)\s)?(?:about|approximately|roughly|around|≈)\s(?=\S)"
    r"|(?<=[\d}$]),?\s(?:or|i\.e\.,?)\s(?=[\d.]{1,9}\s?\\?%)"
    r"|,\s(?:i\.e\.?|that is|namely),?\s"
    r"|,\sand (?:we|this|that|it|thus|so|hence|therefore|the)\s"
    r"|\s(?:because|since|as|so|which|where|when|if)\s|です|である|입니다|이다|예요|이에요"
)
_RULE = re.compile(r"\s{0,3}[-=_*]{3,40}\s{0,3}\n")
_PART_LABELS = re.compile(r"\([a-e]\)\s(?=[$\\\d-])")
_STARRED = re.compile(r"(?<![\w*\\$])\*([a-zA-Z])\*(?![\w*])|\A([a-zA-Z])\*(?=\s?=)")
_NEARLY = re.compile(
    r"\A(?:approximately|about|roughly|around|exactly|only|just|both|the number)\s(?=[\d$\\-])", re.IGNORECASE
)
_UNIT_LETTER = re.compile(r"(?<=\d) (?:[mgsNJWVALh]|Hz|Pa|kg|cm|mm|km)\Z")
# What is said of a number behind it: "(five)", "per day".
_ASIDE = re.compile(
    r"\s?[(（](?:[^()（）\d$\\=]*"
    r"|(?:since|because|as|from|see|i\.e\.|that is|which|where|using|by|note|approx\w*|about|roughly|or|≈)(?!\w)"
    r"[^()（）]*)"
    r"[)）]\Z"
    r"|\sper\s\w+\Z|(?:(?<=[\d}$)%])|(?<=\\pi))(?:\s[a-z]{3,15}){0,2}\s(?:in total|in all|altogether|overall"
    r"|left(?: over)?|remaining|old|long|tall|away|high|wide)\Z"
    r"|(?:(?<=[\d}$)%])|(?<=\\pi))\smore(?:\s[a-z]{2,15}){0,2}\Z"
    r"|(?:(?<=[\d}$)%])|(?<=\\pi))\sof\s(?:the|an?|his|her|their|all)\s[a-z ]{2,30}\Z"
    r"|[\s:;^]{0,3}[\u2600-\u27bf\U0001f300-\U0001faff\ufe0f]{1,5}\Z|\s[:;]-?[)D]\Z|(?<=\d\d)!{1,3}\Z"
)
_COORDINATED = re.compile(r"(?<=[\d}$])[和或与、と](?=[\d\\$-])")
# "The answer should be a positive integer" says of which kind it is.
_KIND = re.compile(
    r"(?:an?|in|as)\s(?:[a-z]{2,12}\s){0,3}(?:integers?|numbers?|fractions?|decimals?|values?|expressions?|sets?|formulas?"
    r"|equations?|polynomials?|functions?|intervals?|form)\b[^\d$\\]*\Z",
    re.IGNORECASE,
)
_LONG_WORD = re.compile(r"(?<![\\a-zA-Z])[a-zA-Z]{2,}|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]+")
_AMOUNT = re.compile(r"\s?[$€£]?\s?-?\d[\d.,/]*\s?%?(?:\s[a-z]+){0,2}")
# What says only how an answer is to be given.
_TO_BE = re.compile(
    r"(?:left|given|expressed|written|rounded|found|stated|obtained|listed|hidden)\s(?:in|as|by|to|on|at|with|from)\b",
    re.IGNORECASE,
)
# The option whose text the answer is: "(B) 42", \\boxed{\\textbf{(C) } 12}.
_OPTION = re.compile(r"\(?[A-J]\)[.:]?\s(?=[\d$\\-])")
OPTION_MARK = re.compile(
    r"\A\s{0,3}(?:\\(?:text|textbf|textrm|mathbf|mathrm)\s?\{\s?\([A-J]\)[\s~:.]{0,5}\}|\([A-J]\)\s(?=\d))"
    r"(?:\s|\\[ ,;:!]|\\q?quad(?![a-zA-Z])|~){0,5}(?=[^\s}])"
)
"""The same in LaTeX, as a pattern."""
# "4 and to part (b) is 9"
_OTHER_PART = re.compile(
    r",?\sand\s(?:the answer\s)?(?:to|for|that of)\s(?:part\s|question\s)?\(?[b-e2-5]\)?\s(?:is|are)\s(?=[\d$\\-])"
)
_OPTION_WORD = re.compile(r"\A(?:option|choice|number|value)\s(?=[\d$-])", re.IGNORECASE)
_APPOSITION = re.compile(r"\A(?:the|its|our)\s[a-z]{2,15}(?:\s[a-z]{2,15}){0,3},\s(?=[\d$\\-])")  # "the area, 17"
_PROPORTION = re.compile(r"(\d{1,9}) (to|out of|in) (\d{1,9})")
_COUNTED = re.compile(
    r"(?:(?!.{0,6}[第不或至])[\u4e00-\u9fff]{0,8})\s?(\d[\d,.]{0,20})\s?(?![\u4e00-\u9fff]*[点倍分半])[\u4e00-\u9fff]{0,6}"
)
_GIVEN = re.compile(
    r"(?:the|our|its|their|this)\s(?:[\w'’\-$\\{}^()+]{1,30}\s){1,12}"
    r"(?=(?:is|are|equals|must be|=|(?:comes|turns|works)\sout|holds for|lies in|converges to|tends to)\s)",
    re.IGNORECASE,
)
# What says of an answer that it is elsewhere or open.
NO_ANSWER = re.compile(
    r"not\s[*_`]{0,2}[\d$\\-]|n/a\b|i (?:do not|don['’]t|can ?not|can['’]t|am not)\b|neither\b|either\s[^.]{1,60}\sor\b"
    r"|(?:still\s|currently\s|as yet\s)?"
    r"(?:unknown|unclear|uncertain|undetermined|ambiguous|not (?:known|clear|given))\b"
    r"|(?:[a-z]{2,12}\s){0,5}(?:above|below|here|in the (?:table|figure|picture|box|text))\Z"
    r"|(?:obvious|clear|wrong|incorrect|correct|right|simple|provided|given|shown)\Z"
    r"|.{1,60}\b(?:but|though) (?:i am|i['’]m|we are) not (?:sure|certain)\b"
    r"|(?:probably |somewhere |likely )?(?:close to|near|between|at least|at most"
    r"|(?:not )?(?:greater|less|more|fewer|larger|smaller) than)\s(?=[\d$\\-])|null\Z"
    r"|an?\s(?:\w+\s){0,3}(?:number|integer|value)s?\s(?:between|from|less|greater|more|at|in)\b|undetermined\Z|\?+\Z",
    re.IGNORECASE,
)
"""An answer that says that there is none, as a pattern."""
_QUANTITY = re.compile(r"(-?\d[\d.,/]{0,20})\s([a-z]{1,15}(?:\s[a-z]{2,15}){0,2})", re.ASCII)
_REPLY = re.compile(r"\A(?:(?:A\s?[:：]|=>|-+>|[⇒→∴])\s|\([A-J]\)\s(?=[\d$\\-]))")  # behind "Q: ..."
_JOINING = re.compile(r"\s(?:and|or)\s")
_ANY_WORD = re.compile(r"(?<![\\\w])[^\W\d_]{2,}|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]+")


def statement_value(text: str) -> str | None:
    """Return the answer at the start of a sentence's rest: its formulas, or its words up to the end."""
    plain = text.strip(_AROUND_NUMBER)  # as most are
    plain = plain[1:] if plain[:1] == "<" and ">" in text else plain
    if plain.isdigit() and plain.isascii():
        return plain
    text = text.lstrip("\n")
    rule = _RULE.match(text)
    text = (text[rule.end() :] if rule else text).lstrip(AROUND)
    nearly = _NEARLY.match(text)
    text = text[nearly.end() :] if nearly else text
    marked = _OPTION.match(text)
    text = text[marked.end() :] if marked else text
    formulas = formula(text)
    if formulas:
        return OPTION_MARK.sub("", formulas, count=1) if "(" in formulas else formulas
    text = _OTHER_PART.sub(", ", text) if " is " in text else text
    text = text.replace("**", "")
    text = _STARRED.sub(r"\1\2", text) if "*" in text else text
    if _TO_BE.match(text):
        return None
    end = _SENTENCE_END.search(text)
    found = (text[: end.start()] if end else text).strip(" *_`\"'“”|").lstrip(".… ")
    if found.isdigit() and found.isascii():
        return found
    found = _PART_LABELS.sub("", found) if len(_PART_LABELS.findall(found)) > 1 else _UNIT_LETTER.sub("", found)
    found = _COORDINATED.sub(", ", _ASIDE.sub("", found)).removeprefix("US$")
    given = _GIVEN.match(found)
    if given:  # "The value is 5", below a heading
        found = found[given.end() :].split(" ", 1)[1]
    if not 0 < len(found) <= 120:
        return None
    named, equals, value = found.rpartition("=")
    if (
        equals and _LONG_WORD.search(_JOINING.sub(" ", named)) and _AMOUNT.fullmatch(value)
    ):  # "2 cups * 3 = 6 cups", "total cost = 6"
        found = value.strip()
    found = _APPOSITION.sub("", found)
    counted = _COUNTED.fullmatch(found)
    found = counted[1] if counted else _OPTION_WORD.sub("", found)
    in_words = _in_words(found)
    if in_words is not None:
        return in_words
    if found.count("{") != found.count("}"):  # cut off
        return None
    # "The answer is well known and simple" states none.
    is_prose = len(_LONG_WORD.findall(found)) > 4 and not any(c.isdigit() or c in "$\\=" for c in found)
    return None if is_prose or _KIND.match(found) or NO_ANSWER.match(found) else found


def _in_words(text: str) -> str | None:
    """Return the number, the fraction or the proportion that a text has in words: "12", "3/4", "3:5"."""
    proportion = _PROPORTION.fullmatch(text)
    if proportion:
        return proportion[1] + (":" if proportion[2] == "to" else "/") + proportion[3]
    number = spelled(text)
    if number is not None and number[1] == len(text):
        return str(number[0])
    fraction = spelled_fraction(text) if text[:1].isalpha() else None
    return None if fraction is None else str(fraction)


def formula(text: str) -> str | None:
    r"""Return the formula that a text begins with, and those that "and", "or" or a comma joins to it, in one list."""
    found: list[str] = []
    at = 0
    while True:
        name = _NAMED.match(text, at) if not found else None
        begin = name.end() if name and text[name.end() : name.end() + 1] in ("$", "\\") else at
        match = FORMULA.match(text, begin)
        if not match or money_before(match) is not None:
            break
        held = inside(match)
        found.append(text[at:begin] + (last_implied(held) if "\\" in held else held))
        joint = _JOINT.match(text, match.end())
        at = joint.end() if joint else match.end()
        if not joint or not joint.group().strip() or len(found) > 20:
            break
    return ", ".join(found) or None


def bare(text: str) -> str | None:
    """Return a response that is nothing but one formula or number."""
    whole = _REPLY.sub("", text.strip(AROUND + "."), count=1)
    if not 0 < len(whole) <= 120 or "\n" in whole or "→" in whole:
        return None
    if UNFINISHED.search(whole):
        return None
    if FORMULA.fullmatch(whole):
        return None if "\\begin{a" in whole else whole
    counted = _QUANTITY.fullmatch(whole)
    if counted and unit_of(counted[2], "many") is not None:
        return counted[1]
    return None if _ANY_WORD.search(_JOINING.sub(" ", whole)) or not any(c.isdigit() for c in whole) else whole
