"""One spelling for what numbers are written with: signs, spaces, powers, fractions, fonts, digits."""

import re
import unicodedata

_SUPERSCRIPT = re.compile("[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,9}")
_PLAIN_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_VULGAR = re.compile("\\s?([¼-¾⅐-⅞])")
_CLEAN = str.maketrans(
    {**dict.fromkeys("−–—‒‑﹣－", "-"), **dict.fromkeys("\u00a0\u202f\u2009\u2007", " "), "⁄": "/", "∙": "·", "⋅": "·"}
)
# Swiss and continental thousands where they can be nothing else: 1'024, 1.250,00, 1.250.000.
_GROUPED_OTHERWISE = re.compile(
    r"(?<![\d.,'’])\d{1,3}(?:(?:['’]\d{3}){1,20}(?![\d'’])|(?:\.\d{3}){1,20},\d{1,2}(?![\d,.])"
    r"|(?:\.\d{3}){2,20}(?![\d,.])|\.\d{3}(?=\s?(?:€|Euros?\b|EUR\b)))|(?<=€)\d{1,3}\.\d{3}(?![\d,.])",
    re.ASCII | re.IGNORECASE,
)
# A decimal comma is one where a unit stands behind two digits at most: "3,75 €", "12,5 %".
_DECIMAL_COMMA = re.compile(
    r"(?<![\d.,])(\d{1,9}),(\d{1,2})(?=\s?(?:[€%₽‰]|°|zł\b|(?:euros?|eur|prozent|pour ?cent|por ciento|percento"
    r"|kg|km|cm|mm|kilo(?:s|gramm|metros?|mètres)?|kilometer|stunden?|heures?|horas?|grad|millionen|millones"
    r"|milliarden|milioni"
    r"|tonnes?|tonnen|litros?|liter|litres)\b))",
    re.ASCII | re.IGNORECASE,
)
_LATEX = re.compile(
    r"\\(?:[!,;: ]|times(?![a-zA-Z])|cdot(?![a-zA-Z])|(?:left|right|big|Big)(?![a-zA-Z])"
    r"|(?:text(?:bf|it|rm|sf|tt)?|math(?:bf|rm|sf|it|tt)|boldsymbol|mbox|operatorname)\s?\{|approx(?![a-zA-Z])"
    r"|[$%()\[\]])"
    r"|\{,\}(?=\d)|\*\*(?![\d(-])|(?<=\d)_(?=\d{3})|`|(?<!\d)~|~(?!\s?\d)"
)
_LATEX_AS = {"\\times": "×", "\\cdot": "·", "\\approx": "=", "{,}": ",", "\\%": "%", "\\$": "$"}

# What may stand behind a number that is the whole answer: signs and units.
_UNIT = (
    r"(?:%|°\s?[CFKcf]?|\^\s?\{?\s?\\circ\s?\}?\s?[CF]?|[$€£¥₹]|\.|"
    r"(?!(?:or|and|to|x|y|z|n|pi|i|e|times|squared|cubed|by|than|more|less|at|mod|percent more)\b)"
    r"(?:[a-zA-ZµμΩ]{1,20}\.?|/\s?(?=[a-zA-Z]))(?:\^?\s?\{?-?\d\}?(?!\d))?|\{|\}(?:\^\{?-?\d\}?)?|个|元|米|人|天|年|円|度)"
)
UNITS = re.compile(rf"(?:\s{{0,3}}{_UNIT}){{0,8}}\s{{0,3}}\Z")


def one_spelling(text: str) -> str:
    """Return the text with one spelling for signs, spaces, powers, fractions and fonts."""
    if not text.isascii():
        text = _SUPERSCRIPT.sub(lambda run: "^" + run.group().translate(_PLAIN_SUPERSCRIPTS), text.translate(_CLEAN))
        text = _VULGAR.sub(lambda half: " " + unicodedata.normalize("NFKC", half[1]), text).translate(_CLEAN)
        text = _ascii_digits(text)
    if _GROUPED_OTHERWISE.search(text):
        text = _GROUPED_OTHERWISE.sub(lambda found: re.sub(r"['’.]", "", found.group()).replace(",", "."), text)
    if "," in text:
        text = _DECIMAL_COMMA.sub(r"\1.\2", text)
    return _LATEX.sub(_latex, text)


def _ascii_digits(text: str) -> str:
    """Return the text with full-width characters in their ASCII form; digits of other scripts stay as they are."""
    return "".join(unicodedata.normalize("NFKC", c) if "\uff00" <= c <= "\uffef" else c for c in text)


def _latex(found: re.Match[str]) -> str:
    return _LATEX_AS.get(found.group(), " " if found.group() == "\\ " else "")
