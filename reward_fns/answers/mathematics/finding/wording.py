r"""How a sentence is meant, told by its words: as a conclusion, a step, a premise, a task, a doubt or a denial."""

import re

_LEAD = re.compile(
    r"(?:(?:and|or|ok(?:ay)?|now|then)\b,?\s)?"
    r"(?:so(?! far)|thus|hence|therefore|consequently|accordingly|finally|ultimately|altogether|overall|in total|in all"
    r"|in conclusion|in summary|in short|in other words|to sum up|to summari[sz]e|as a result"
    r"|it follows(?: from [^,.]{1,60})? that|(?:we|i)(?: can| may)? (?:conclude|deduce|see)(?: that)?"
    r"|(?:this|that|which) (?:means|implies|shows)(?: that)?"
    r"|∴|⇒|=>|-+>|⟹|→|综上(?:所述)?|所以|因此|故|从而|于是|よって|したがって|ゆえに|따라서|그러므로)(?![a-zA-Z])[,，:]?\s?",
    re.IGNORECASE,
)
_INTERJECTION = re.compile(
    r"(?:(?:wait|no|actually|hmm+|oh|oops|ah|ok(?:ay)?|yes|alright|correction|sorry|rather"
    r"|or rather|i mean(?:t)?|make that"
    r"|right|well|again|and|but|then|indeed)"
    r"(?:[,:;.!—–-]+\s?|\s(?=so|actually|then|we|it|wait|rather)))+",
    re.IGNORECASE,
)
_ORDER = r"(?:(?:now|next|first|second|then|and|also|here|again|finally|step \d+|once|after that),?\s(?:we\s|i\s)?)*"
# How a clause begins that asks for a step, names what is given, or asks for the answer.
_STEP = re.compile(
    rf"{_ORDER}(?:let|suppose|consider|recall|remember|note|notice|observe|given|try|start|begin|show|prove|use|apply|set"
    r"|add|subtract|multiply|divide|square|take|plug|substitute|simplify|factor|expand|combine|convert|rewrite|write"
    r"|look|check|test|say|call|denote|define|choose|pick|draw|count|repeat|continue|proceed|return|print|import|def"
    r"|what (?:is|are|was|does|do|if|would|will|happens)|how|why|who|whether"
    r"|assum\w+|giv(?:e|en)|comput(?:e|ing)|calculat(?:e|ing)|determin(?:e|ing)|evaluat(?:e|ing)"
    r"|find(?:ing)?|round|trying|solve|can (?:you|we|i)|could you|would you|do you|does|did|is (?:it|there|the)"
    r"|are (?:there|the)|please|put|express|enter|provide|answer|in order to|for example|for instance|e\.g\.|such as"
    r"|(?:the|our|my) (?:problem|question|task|goal|target|aim|hint|exercise|statement|image|picture|diagram|figure"
    r"|text|formula|theorem|teacher|options|choices)"
    r"|the (?:first|second|third|last|given|original|other) (?:equation|condition|inequality)"
    r"|we (?:still |now |only |also |just )?(?:are (?:given|told|asked)|know|need to|have to|must|should"
    r"|want to|could|will|shall|may|start|begin|consider|assume|use|try|let"
    r"|proceed|distinguish|split|continue|call|define|write|denote"
    r"|ignore|skip|can(?! (?:see|conclude|deduce|get|have|factor|write|rewrite|simplify|express|reduce)))"
    r"|i (?:will(?! (?:go with|answer|say|settle|stick))"
    r"|would|need to|have to|can(?! (?:see|conclude))|got stuck|start|tried|try|was asked)"
    r"|you (?:need to|have to|must|are given|are told)|it is (?:given|known))\b",
    re.IGNORECASE,
)
# The same where "so" or its like leads to it: "so we try 1", "and so we need to find 3x".
_TRIES = re.compile(
    r"(?:(?:we|i|you|let['’]s|let us)\s)?(?:(?:now|then|next|first|can|could|will|should|must|have to|need to"
    r"|want to)\s)*(?:try|minimi[sz]e|maximi[sz]e|prove|count|list|define|denote"
    r"|consider|look at|test|start|begin|assume|suppose|let|find|solve|compute|determine|calculate"
    r"|evaluate|show|check|multiply|divide|subtract|plug|substitute)\b",
    re.IGNORECASE,
)
_ARITHMETIC = re.compile(
    r"(?:(?:now|next|then|finally|lastly|and|we|to)\s)*(?:know|add|subtract|multiply|divide|find|compute|calculate|total)\b",
    re.IGNORECASE,
)
_BY_DOING = re.compile(r"(?:then\s|now\s|by\s)?[A-Za-z]{2,12}ing\b", re.IGNORECASE)
# What makes of a whole sentence a premise, an example or a task.
_PREMISE = re.compile(
    r"so far\b|(?:(?:now|next|first|second|also|here|step \d+),?\s)*(?:suppose|assume|recall|given|where"
    r"|(?:hint|example|tip|goal|claim|lemma|theorem|definition|remark)\s?\d?:|we are (?:given|told)"
    r"|let['’]s (?:start|begin|try|consider|say|suppose|denote|call|define)"
    r"|let (?:us denote|the|\$|[a-zA-Z] |[\ue000-\uf8ff])"
    r"|by (?:definition|(?:the |our )?(?:given|assumption|hypothesis|condition)\w*)"
    r"|for example|for instance"
    r"|consider|it is (?:given|known)|(?:next|first|now),?\s(?:we|i)\s(?!get|have|find|obtain|see|conclude)"
    r"|(?:first|here),?\s(?!\S{1,3}\s=)|(?:one|an?|another) (?:example|possib\w+|such|solution|choice)\b"
    r"|the (?:problem|question|task|goal|exercise|statement)\s(?:is|asks|says|states|wants|gives|tells))",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(
    r"so far\b|(?:(?:now|next|first|also|here),?\s)*(?:suppose|assume|let|for example|for instance|consider|where)\b",
    re.IGNORECASE,
)
# What leaves a clause's value in doubt, wherever it stands in it.
_DOUBT = re.compile(
    r"\b(?:might|somewhere|(?-i:may)|maybe|perhaps|possibly|probably|unsure|uncertain|guess\w*|insufficient|unknown|unclear"
    r"|could(?:\sbe(?=\s(?:\w+\s)?[\d\ue000-\uf8ff$])|n['’]t|\snot)|impossible|contradict\w*|stuck|depends?|extraneous"
    r"|(?:i|we) would need|(?:we|i) tried|trying to|formula|upper bound|lower bound|for example|such as"
    r"|arbitrary|whether|depending|looks? like"
    r"|(?:is|remains) to (?:add|subtract|multiply|divide|find|compute|calculate|solve|show|check"
    r"|determine)\b|can only say|seems?|appears?|(?:do|does)(?:n['’]t| not) know"
    r"|either\s(?![\d$(\ue000-\uf8ff]|[a-z]\s?=)"
    r"|any (?:number|value|integer|real|positive|[a-z])|induction|base case|so far"
    r"|vielleicht|quizás?|tal vez|peut-être|forse|talvez)\b|可能|也许|大概|かもしれ",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"\b(?:can['’]?not|not|\w+n['’]t|never|neither|nor|unable|fails?|wrong|mistakes?|incorrect|error|reject(?:ed|s)?"
    r"|discard(?:ed|s)?|invalid|excluded|ruled out|violat\w+|unless|nicht|kein\w*|pas|no (?:es|se|puede|hay)|não|non)\b"
    r"|不(?:是|能|可能|对|超过)|无法|没有|ない|아니|않|모르",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"(?:\b(?:at least|at most|at minimum|(?:more|less|fewer|greater|larger|smaller|higher|lower|bigger)\sthan"
    r"|(?<!add )(?<!adds )up to"
    r"|between|exceeds?|exceeding|close to|approach(?:es)?|over|under|above|below|near(?:ly)?)"
    r"(?:\s(?:the|about))?|至少|至多|最多(?!有)|不超过)\s?\Z",
    re.IGNORECASE,
)
_BOUND_BEHIND = re.compile(
    r"(?:\s\w+)?,?\s(?:or (?:more|less|fewer|so|larger|greater)|at (?:least|most))\b", re.IGNORECASE
)
_ROUNDED = re.compile(r"\bround\w*\s[^,;]{0,30}(?:up|down|off)?\sto\s(?:the\s\w+\s)?\Z", re.IGNORECASE)
_IS = re.compile(
    r"(?:\b(?:is|are|was|were|equals?|has\s(?:an?\s)?\w+(?:\sof)?)|(?<!不)[=是为])"
    r"(?:\s(?:therefore|thus|then|exactly|simply|just|equal to|now|only))*\s?\Z",
    re.IGNORECASE,
)
# A value that counts what is behind it: what is denied of that is no denial of the number.
_COUNTS = re.compile(
    r"\s(?:of\s)?(?!(?:is|are|was|were|does|do|did|can|could|cannot|will|would|has|have|satisf\w+|works?|fails?|divides?|not|and|or"
    r"|never|neither)\b)[a-z]{2,}",
    re.IGNORECASE,
)
_RATHER_CHINESE = re.compile(r"不是[^，,。]{1,20}[，,]\s?而是")
_RATHER = re.compile(r"\bnot\s(?:be\s|equal to\s)?[^,.]{1,30}?,?\sbut\s(?:rather\s)?", re.IGNORECASE)
# What makes of a whole sentence none that concludes: doubt, a task about the answer, code.
_DOUBTED = re.compile(
    r"\b(?:perhaps|maybe|not (?:sure|certain|enough)|unsure|uncertain|guess\w*"
    r"|(?:cannot|can['’]t|could(?:n['’]t| not))"
    r" (?:be (?:determined|found|solved|computed|known|sure|certain|said|answered)"
    r"|determine|solve|find|see|tell|compute|draw)|insufficient|stuck"
    r"|as an? (?:ai|language)|contradiction|start over|try again|your (?:final )?answer"
    r"|what if|i (?:assume|suppose)|sorry(?!, i meant)"
    r"|to (?:find|get|obtain|reach) (?:the|our|an) (?:final )?answer|answers?\b[^.]{0,20}\beither)\b"
    r"|(?:def|print|return|import)\s?[\w(]*\(",
    re.IGNORECASE,
)


def leads(text: str) -> bool:
    """Say whether a sentence begins as one that concludes: "So", "Hence", "In total".

    Example:
        >>> leads("Hence x = 5."), leads("Let x = 5."), without_lead("And so, finally, x = 5.")
        (True, False, 'x = 5.')
    """
    return _LEAD.match(text) is not None


def without_lead(text: str) -> str:
    """Return a sentence without the words that lead to what it concludes."""
    while lead := _LEAD.match(text):
        text = text[lead.end() :]
    return text


def without_interjection(text: str) -> str:
    """Return a sentence without "Wait, no," and their like before it."""
    return _INTERJECTION.sub("", text, count=1) if _INTERJECTION.match(text) else text


def is_doubted(text: str) -> bool:
    """Say whether a sentence as a whole is in doubt, or is a task or code.

    Example:
        >>> is_doubted("I'm not sure, but it is 5."), is_doubted("To find the answer, take 5."), is_doubted("It is 5.")
        (True, True, False)
    """
    return _DOUBTED.search(text) is not None


def is_premise(text: str) -> bool:
    """Say whether a sentence only says what is given, supposed or wanted: "Suppose x = 4", "The task is to find 3x"."""
    return _PREMISE.match(text) is not None


def is_supposed(text: str) -> bool:
    """Say whether what follows from a premise is supposed with it: "Suppose x = 4, so y = 3"."""
    return _SUPPOSED.match(text) is not None


def denies(clause: str) -> bool:
    """Say whether a clause without a value denies or doubts what is before it: "which is not possible"."""
    return _DENIAL.search(clause) is not None or _DOUBT.search(clause) is not None


def is_open(clause: str, start: int, stop: int) -> bool:
    """Say whether a clause leaves the value open that stands there: bounds it, denies it or doubts it.

    Example:
        >>> is_open("there are at least 5", 19, 20), is_open("5 is not prime", 0, 1), is_open("it may be 5", 10, 11)
        (True, True, True)
        >>> is_open("of those with at least 2 heads there are 5", 41, 42), is_open("5 of them are not red", 0, 1)
        (False, False)
    """
    before, behind = clause[max(0, start - 40) : start], clause[stop:]
    if _ROUNDED.search(before):
        return False
    is_result = "=" in clause[start:stop] or before.rstrip().endswith("=")
    if (
        (_BOUND.search(before) and not (is_result and before.endswith("up to ")))
        or _BOUND_BEHIND.match(behind)
        or _DOUBT.search(clause)
    ):
        return True
    if is_result:
        return False
    if _IS.search(before):
        return _DENIAL.search(behind) is not None
    return _DENIAL.search(clause[:start] if _COUNTS.match(behind) else clause) is not None


def is_said(before: str) -> bool:
    """Say whether "is" or its like stands right before a value."""
    return _IS.search(before) is not None


def without_denied(text: str) -> str:
    """Return a sentence without what it denies to say something else: "not 15 but 16"."""
    text = _RATHER.sub("", text) if " but " in text else text
    return _RATHER_CHINESE.sub("是", text) if "而是" in text else text


def is_step(clause: str, led: bool) -> bool:
    """Say whether a clause asks for a step or names what is given: "divide 48 by 6", "we know that n = 48".

    Args:
        clause: without its leading words.
        led: whether "so" or its like leads to it; then "we can make 4 cakes" is none.
    """
    return (_TRIES if led else _STEP).match(clause) is not None


def is_arithmetic(clause: str) -> bool:
    """Say whether a step is one of arithmetic, whose result may stand behind it: "Add 3 and 4: 3 + 4 = 7"."""
    return _ARITHMETIC.match(clause) is not None


def is_doing(clause: str) -> bool:
    """Say whether a clause begins with what was done: "Adding 5 to both sides gives 12"."""
    return _BY_DOING.match(clause) is not None
