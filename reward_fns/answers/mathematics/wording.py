r"""How a sentence is meant, told by its words: as a conclusion, a step, a premise, a task, a doubt or a denial."""

import re

from ttrl_verl.reward_fns.answers.mathematics.sentences import HELD

_LEAD = re.compile(
    r"(?:(?:and|or|ok(?:ay)?|now|then)\b,?\s)?"
    r"(?:so|thus|hence|therefore|consequently|accordingly|finally|ultimately|altogether|overall|in total|in all"
    r"|in conclusion|in summary|in short|in other words|to sum up|to summari[sz]e|as a result"
    r"|it follows(?: from [^,.]{1,60})? that|(?:we|i)(?: can| may)? (?:conclude|deduce|see)(?: that)?"
    r"|(?:this|that|which) (?:means|implies|shows)(?: that)?"
    r"|∴|⇒|=>|⟹|→|综上(?:所述)?|所以|因此|故|从而|于是|よって|したがって|ゆえに|따라서|그러므로)(?![a-zA-Z])[,，:]?\s?",
    re.IGNORECASE,
)
_INTERJECTION = re.compile(
    r"(?:(?:wait|no|actually|hmm+|oh|oops|ah|ok(?:ay)?|yes|alright|correction|sorry|right|well|again|and|but|then|indeed)"
    r"(?:[,:;.!—–-]+\s?|\s(?=so|actually|then|we|it)))+",
    re.IGNORECASE,
)
_ORDER = r"(?:(?:now|next|first|second|then|and|also|here|again|finally|step \d+|once|after that),?\s(?:we\s|i\s)?)*"
# How a clause begins that asks for a step, names what is given, or asks for the answer.
_STEP = re.compile(
    rf"{_ORDER}(?:let|suppose|consider|recall|remember|note|notice|observe|given|try|start|begin|show|prove|use|apply|set"
    r"|add|subtract|multiply|divide|square|take|plug|substitute|simplify|factor|expand|combine|convert|rewrite|write|look"
    r"|check|test|say|call|denote|define|choose|pick|draw|count|repeat|continue|proceed|return|print|import|def|what|how"
    r"|why|who|whether|assum\w+|giv(?:e|en)|comput(?:e|ing)|calculat(?:e|ing)|determin(?:e|ing)|evaluat(?:e|ing)"
    r"|find(?:ing)?|trying|solve|can (?:you|we|i)|could you|would you|do you|does|did|is (?:it|there|the)"
    r"|are (?:there|the)|please|put|express|enter|provide|answer|in order to|for example|for instance|e\.g\.|such as"
    r"|the (?:problem|question|task|goal|hint|exercise|statement|image|figure|text|formula)"
    r"|we (?:are (?:given|told|asked)|know|need to|have to|must|should|want to|could|will|shall|may|start|begin"
    r"|consider|assume|use|try|let"
    r"|can(?! (?:see|conclude|deduce|get|have|factor|write|rewrite|simplify|express|reduce)))"
    r"|i (?:will|would|need to|have to|can(?! (?:see|conclude))|got stuck|start|tried|try|was asked)"
    r"|you (?:need to|have to|must|are given|are told)|it is (?:given|known))\b",
    re.IGNORECASE,
)
# The same where "so" or its like leads to it: "so we try 1", "and so we need to find 3x".
_TRIES = re.compile(
    r"(?:(?:we|i|you|let['’]s|let us)\s)?(?:(?:now|then|next|first|can|could|will|should|must|have to|need to"
    r"|want to)\s)*(?:try|consider|look at|test|start|begin|assume|suppose|let|find|solve|compute|determine|calculate"
    r"|evaluate|show|check|multiply|divide|subtract|plug|substitute)\b",
    re.IGNORECASE,
)
_BY_DOING = re.compile(r"(?:then\s|now\s|by\s)?[A-Za-z]{2,12}ing\b", re.IGNORECASE)
# What makes of a whole sentence a premise, an example or a task.
_PREMISE = re.compile(
    r"(?:(?:now|next|first|second|also|here|step \d+),?\s)*(?:suppose|assume|recall|given|we are (?:given|told)"
    r"|let['’]s (?:start|begin|try|consider|say|suppose)|for example|for instance|consider|it is (?:given|known)"
    r"|(?:next|first|now),?\s(?:we|i)\s(?!get|have|find|obtain|see|conclude)"
    r"|(?:first|here),?\s(?!\S{1,3}\s=)|(?:one|an?|another) (?:example|possib\w+|such|solution|choice)\b"
    r"|the (?:problem|question|task|goal|exercise|statement)\s(?:is|asks|says|states|wants|gives|tells))",
    re.IGNORECASE,
)
# A thing doubted, bounded, denied or left open, in the clause that concludes and behind it.
_OPEN = re.compile(
    r"\b(?:might|(?-i:may)|maybe|perhaps|possibly|probably|could(?:\sbe|n['’]t|\snot)|can['’]?not|can['’]t|can not"
    r"|unable|(?:i['’]m|am|are) not|unsure|uncertain|guess\w*|not|\w+n['’]t|never|neither|nor|insufficient|unknown"
    r"|unclear|impossible|contradict\w*|stuck|depends?|at least|at most|at minimum"
    r"|(?:more|less|fewer|greater|larger|smaller|higher|lower|bigger)\sthan|up to"
    rf"|or (?:more|less|fewer|so|larger|greater)|between(?=\s[\d{HELD}$-])|exceeds?|exceeding|close to|fails?|wrong"
    r"|mistakes?|incorrect|error|reject(?:ed|s)?|discard(?:ed|s)?|extraneous|invalid|excluded|ruled out|violat\w+"
    r"|so far|still need|trying|tried|would need|formula|approach(?:es)?|roughly|upper bound|lower bound|for example"
    r"|such as|unless|any|arbitrary|nicht|kein\w*|vielleicht|quizás?|tal vez|peut-être|pas|forse|talvez"
    r"|no (?:es|se|puede|hay)|não|non)\b"
    r"|不(?:是|能|可能|对|超过)|无法|没有|可能|也许|大概|至少|至多|最多(?!有)|かもしれ|ない|아니|않|모르",
    re.IGNORECASE,
)
# What makes of a whole sentence none that concludes: doubt, a task about the answer, code.
_DOUBTED = re.compile(
    r"\b(?:perhaps|maybe|not (?:sure|certain|enough)|unsure|uncertain|guess\w*"
    r"|(?:cannot|can['’]t|could(?:n['’]t| not)) (?:be|determine|solve|find|see|tell|compute|draw)|insufficient|stuck"
    r"|as an? (?:ai|language)|contradiction|start over|try again|might|what if|i (?:assume|suppose)|sorry"
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


def is_open(clause: str) -> bool:
    """Say whether a clause denies, bounds or leaves open: "x is not 5", "at least 5", "it may be 5".

    Example:
        >>> is_open("there are at least 5"), is_open("in May there are 5")
        (True, False)
    """
    return _OPEN.search(clause) is not None


def is_step(clause: str, led: bool) -> bool:
    """Say whether a clause asks for a step or names what is given: "divide 48 by 6", "we know that n = 48".

    Args:
        clause: without its leading words.
        led: whether "so" or its like leads to it; then "we can make 4 cakes" is none.
    """
    return (_TRIES if led else _STEP).match(clause) is not None


def is_doing(clause: str) -> bool:
    """Say whether a clause begins with what was done: "Adding 5 to both sides gives 12"."""
    return _BY_DOING.match(clause) is not None
