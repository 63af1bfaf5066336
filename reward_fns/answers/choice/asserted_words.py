"""Words that a sentence asserts, and the one that it concludes.

In "Unlike Europe, Nepal lies in Asia" the word named first is denied; in "Africa or Asia" both are asserted, and none
is concluded. A pattern finds any of the words; what a find stands for, without blanks and hyphens, is looked up.
"""

import re

# What denies the word behind it, up to the next comma or "but".
_DENIAL = re.compile(
    r"\b(?:not|never|neither|nor|unlike|cannot|can't|isn't|wasn't|aren't|won't|doesn't|don't|didn't|couldn't"
    r"|wouldn't|"
    r"shouldn't|hardly|rather than|instead of|other than|except|excluding|without|excludes?|rules? out|ruled out|"
    r"as opposed to|opposite of|contrary to|compared (?:to|with)|in contrast to|contrast(?:s|ing) with|whereas|while|"
    r"although|though|despite|no longer|far from|than|thought|first|initially|originally|instead,|some say|might|"
    r"may|could|with (?:only|just|a few|some|minor|one)|apart from|aside from|between|either|whether|if"
    r"|anything but|used to be)\b[^,;:—–]{0,60}\Z"
    # Of places, up to the next "in": "south of the United States in North America".
    r"|\b(?:not in|outside|borders?|bordering|near|next to|north of|south of|east of"
    r"|west of)\b(?:(?!\sin\s)[^,;:—–]){0,60}\Z"
    # "no contradiction", "less positive"; "no doubt" denies nothing.
    r"|\b(?:no\s(?!doubt|question|wonder)|(?<!or )less\s)(?:[\w'-]{1,15}\s){0,2}\Z"
)
# Behind these "but" and "it is" begin nothing new: "anything but", "I can't say that it is".
_HELD_BACK = re.compile(
    r"\b(?:not|anything)\s?\Z|(?:\bnot|n't|\bcannot|\bnever|\bdoubt)\b[^,;]{0,25}\b(?:that|say|think|believe|mean"
    r"|sure)\s?\Z"
)
_QUOTED = re.compile(r"(?<!\w)['\"][^'\"]{1,40}['\"](?!\w)")
_DENIED_BEHIND = re.compile(
    r"[\s\"'*]{0,3}(?:\bis|\bwas|\bwould be|\bseems|\bcan be|\bcould be|\bis clearly)?\s?(?:\b(?:wrong|incorrect"
    r"|false(?!\b.*\bfalse)|not|isn't|impossible|"
    r"ruled out|excluded|out of the question)\b)"
    r"|\sthat\b[^.;]{0,200}\bbut\b|\s(?:before|earlier|previously|yesterday)[.!]?\Z|\s(?:only )?(?:if"
    r"|unless)\b(?! anything)"
)
_JOINED = re.compile(
    r"[\s\"'*_`]{0,4}(?:,|/|\bor\b|\band\b|,\s?(?:or|and)\b|\bor in\b|\band in\b|&|\bversus\b"
    r"|\bvs\.?)[\s\"'*_`]{0,4}(?:(?:a|an|the|in|maybe|perhaps|possibly)\s)?"
)
_CONCLUDES = re.compile(
    r"\b(?:so|thus|hence|therefore|actually|wait,?|but|it is|it's|answer|must be|lies? in|located in"
    r"|belongs to|rather|gives|yields|results in|produces|becomes?|turns(?: out)?)\b|:"
)
# A clause that says more of what was named before it, or sets something against it.
_SUBORDINATE = re.compile(r"\b(?:with|which|where|who|whose|whereas|while|unlike|although|though|because|since|that)\b")


def concluded(sentence: str, pattern: re.Pattern[str], compact: dict[str, str]) -> str | None:
    """Return the one word that a sentence asserts, or the one behind its last "so", "but", "it is".

    Example:
        >>> words = re.compile("red|green"), {"red": "red", "green": "green"}
        >>> concluded("not red, green", *words), concluded("red or green", *words)
        ('green', None)
    """
    found = asserted(sentence, pattern, compact)
    if len(set(found)) == 1:
        return found[0]
    if not found:
        return None
    start = 0
    for mark in _CONCLUDES.finditer(sentence):
        start = mark.end()
    behind = asserted(sentence[start:], pattern, compact) if start else []
    return behind[0] if len(set(behind)) == 1 else None


def asserted(sentence: str, pattern: re.Pattern[str], compact: dict[str, str]) -> list[str]:
    """Return the words that a sentence asserts, in its order."""
    found, owners, clause = [], [], 0
    for match in pattern.finditer(sentence):
        before = sentence[max(clause, match.start() - 120) : match.start()]
        denial = _denies(before) or (before.endswith("from ") and sentence.startswith(" to ", match.end()))
        if found and not denial:
            denial = _SUBORDINATE.search(before) is not None
        if (
            not denial
            and not _DENIED_BEHIND.match(sentence, match.end())
            and sentence[match.end() : match.end() + 1] != "?"
        ):
            owns = sentence.startswith("'s ", match.end())  # "Earth's neighbour, Mars"
            (owners if owns else found).append(word_of(match, compact))
        clause = match.start() if match.group() == "neither" else match.end()
        joint = _JOINED.match(sentence, match.end())
        if (
            denial and joint and ("or" in joint.group() or "and" in joint.group())
        ):  # "neither Africa nor ...", "not A or B"
            clause = max(0, match.start() - 120)
    return found or owners


def _denies(before: str) -> bool:
    """Say whether what stands before a word denies it."""
    for cut in (" but ", " it is ", " it's ", " so ", " is in ", " lies in ", " therefore ", " rather ", " instead "):
        at = before.rfind(cut)
        if at >= 0 and not _HELD_BACK.search(before[:at]):
            before = before[at + len(cut) :]
    return _DENIAL.search(_QUOTED.sub("", before)) is not None


def named(sentence: str, pattern: re.Pattern[str], compact: dict[str, str]) -> list[str]:
    """Return the words that a sentence names, asserted or not."""
    return [word_of(match, compact) for match in pattern.finditer(sentence)]


def word_of(match: re.Match[str], compact: dict[str, str]) -> str:
    """Return the word that a find stands for."""
    return compact[re.sub(r"[\s\-]", "", match.group())]
