"""The words that may stand behind a number: units that are dropped, units that stay, counted things, and neither."""

from fractions import Fraction

# A question names its unit, and an answer repeats it or not: 5 cm is 5, 12 square inches is 12.
_EVERYDAY = """
    unit units cm centimeter centimeters centimetre centimetres meter meters metre metres km kilometer kilometers
    kilometre kilometres in inch inches ft foot feet yd yard yards mi mile miles gram grams gm kg kgs kilogram
    kilograms lb lbs pound pounds oz ounce ounces ton tons tonne tonnes sec secs second seconds min mins minute
    minutes hr hrs hour hours day days week weeks month months yr yrs year years liter liters litre litres gallon
    gallons quart quarts pint pints cup cups dollar dollars cent cents usd us euro euros eur gbp yen yuan rupee
    rupees rmb cny inr degree degrees deg rad rads radian radians percent percents pct mph kph newton newtons joule
    joules watt watts volt volts amp amps ampere amperes ohm ohms pascal pascals pa kelvin kelvins celsius
    fahrenheit hertz hz mol mols mole moles coulomb coulombs tesla teslas weber webers henry farad atm cal calorie
    calories bit bits byte bytes db pts point points pt m s g l h j n w v c k a
"""
EVERYDAY = frozenset(_EVERYDAY.split())
_MODIFIERS_TEXT = "square cubic sq cu per squared cubed"
_MODIFIERS = frozenset(_MODIFIERS_TEXT.split())
# A unit by a prefix is one of several of its kind, and which one is a part of the answer: 5 MeV is not 5 GeV.
_PREFIXED = """
    mm nm pm mg ng mL ml ms ns ps mA mV mW mT mN mJ mol/L kHz MHz GHz THz eV keV MeV GeV TeV kJ MJ kN kPa MPa kW MW
    GW kWh kV kA kcal kB MB GB TB
"""
_PREFIXES = {"milli": "m", "micro": "μ", "nano": "n", "pico": "p", "kilo": "k", "mega": "M", "giga": "G", "tera": "T"}
_BASES = {
    "meter": "m", "metre": "m", "gram": "g", "liter": "L", "litre": "L", "second": "s", "hertz": "Hz", "joule": "J",
    "watt": "W", "volt": "V", "newton": "N", "pascal": "Pa", "ampere": "A", "amp": "A", "byte": "B",
    "electronvolt": "eV",
}  # fmt: skip
KEPT = {symbol: "mL" if symbol == "ml" else symbol for symbol in _PREFIXED.split()} | {
    f"{prefix}{base}{plural}": letter + symbol
    for prefix, letter in _PREFIXES.items()
    for base, symbol in _BASES.items()
    for plural in ("", "s")
    if f"{prefix}{base}" not in EVERYDAY
}
# Behind a number these are no counted things, though they look like them: each has its opposite, or a sense of its own.
_SENSES_TEXT = """
    heads tails profits losses gains wins draws ties ups downs lefts rights evens odds positives negatives
    successes failures times whites blacks reds blues greens primes squares cubes factors multiples remainders
    digits less plus minus thus hours-past oclock others yes always perhaps its this
"""
_SENSES = frozenset(_SENSES_TEXT.split())
_ONE_OF_TWO_TEXT = "profit loss gain win draw head tail even odd half third quarter true false prime over squared cubed"
_ONE_OF_TWO = frozenset(_ONE_OF_TWO_TEXT.split())
_IRREGULAR_TEXT = "people men women children mice geese sheep fish dice teeth oxen persons"
_IRREGULAR = frozenset(_IRREGULAR_TEXT.split())
_NO_ADJECTIVES = frozenset(
    [
        "or",
        "and",
        "more",
        "less",
        "fewer",
        "than",
        "least",
        "most",
        "not",
        "is",
        "are",
        "was",
        "of",
        "to",
        "at",
        "from",
        "by",
        "with",
        "if",
        "when",
        "for",
        "all",
        "no",
        "remainder",
        "left",
        "right",
        "up",
        "down",
        "north",
        "south",
        "east",
        "west",
        "above",
        "below",
        "over",
        "under",
        "before",
        "after",
        "the",
    ]
)
SCALES: dict[str, Fraction] = {
    "dozen": Fraction(12), "hundred": Fraction(100), "thousand": Fraction(1000), "million": Fraction(10**6),
    "billion": Fraction(10**9), "trillion": Fraction(10**12), "halves": Fraction(1, 2), "thirds": Fraction(1, 3),
    "quarters": Fraction(1, 4), "fourths": Fraction(1, 4), "fifths": Fraction(1, 5), "sixths": Fraction(1, 6),
    "sevenths": Fraction(1, 7), "eighths": Fraction(1, 8), "ninths": Fraction(1, 9), "tenths": Fraction(1, 10),
    "hundredths": Fraction(1, 100), "thousandths": Fraction(1, 1000),
}  # fmt: skip


def unit_of(words: str, counted: str) -> str | None:
    """Return what stays of the words behind a value: nothing of a unit or a thing counted, the symbol of other units.

    Args:
        words: one or several.
        counted: how many things the value may have counted: ``one``, ``many``, or ``none`` where it has letters.

    Returns:
        ``None`` where the words are neither, and make another answer or none: "or more", "profit", "is odd".

    Example:
        >>> unit_of("square inches", "many"), unit_of("apples", "many"), unit_of("way", "one"), unit_of("MeV", "many")
        ('', '', '', 'MeV')
        >>> unit_of("or more", "many") is None, unit_of("profit", "many") is None, unit_of("apples", "none") is None
        (True, True, True)
    """
    parts = words.replace("/", " per ").replace(".", " ").split()
    if not parts or len(parts) > 6:
        return None
    folded = [part.casefold() for part in parts]
    if all(part in EVERYDAY or part in _MODIFIERS for part in folded) and set(folded) - _MODIFIERS:
        return ""
    if any(part in KEPT for part in (*parts, *folded)):
        symbols = [KEPT.get(part) or KEPT.get(fold) or fold for part, fold in zip(parts, folded, strict=True)]
        known = set(KEPT.values()) | EVERYDAY | _MODIFIERS
        return " ".join(symbols) if all(symbol in known for symbol in symbols) else None
    return "" if counted != "none" and _is_counted(folded, counted == "one") else None


def _is_counted(words: list[str], one: bool) -> bool:
    """Say whether words are a plural, with an adjective or two before it: "apples", "different ways"; one is none."""
    *adjectives, noun = words
    if len(adjectives) > 2 or any(not word.isalpha() or word in _NO_ADJECTIVES for word in adjectives):
        return False
    if one:
        return len(words) == 1 and noun.isalpha() and len(noun) > 2 and noun not in _NO_ADJECTIVES | _ONE_OF_TWO
    plural = len(noun) > 3 and noun.isalpha() and noun.endswith("s") and noun[-2] not in "sui"
    return (plural or noun in _IRREGULAR) and noun not in _SENSES
