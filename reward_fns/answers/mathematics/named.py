"""Values with names: ``x = 1, y = 2`` is the point (1,2), and ``t = 1, k = 2`` keeps its names."""

from itertools import pairwise

# Pairs whose names have an order of their own; of all other names it is the alphabet's, within a family of names.
_ORDERED = ("nk", "mb", "mc", "hk", "lw", "ar", "ad", "np", "rθ", "xyzw", "pqr", "mn", "tx")


def point_text(named: list[tuple[str, str]]) -> str:
    """Return the canonical text of values with names: the point, where the names have an order, else with the names.

    Example:
        >>> point_text([("y", "-3"), ("x", "2")]), point_text([("k", "2"), ("n", "5")])
        ('(2,-3)', '(5,2)')
        >>> point_text([("t", "1"), ("k", "2")])
        'k=2,t=1'
    """
    values = dict(named)
    order = _conventional([*values])
    if order is None:
        return ",".join(f"{name}={values[name]}" for name in sorted(values))
    return "(" + ",".join(values[name] for name in order) + ")"


def _conventional(names: list[str]) -> list[str] | None:
    """Return names in the order that everybody writes them in, or ``None``."""
    letters = {"θ" if name == "theta" else name for name in names}
    for family in _ORDERED:
        if letters == set(family[: len(letters)]):
            return ["theta" if letter == "θ" else letter for letter in family if letter in letters]
    bases = {name.split("_")[0] for name in names}
    if len(bases) == 1 and all("_" in name for name in names):  # x_1, x_2
        return sorted(names, key=lambda name: (len(name), name))
    ordered = sorted(names)
    greek = ["alpha", "beta", "gamma", "delta"]
    if ordered == greek[: len(ordered)]:
        return ordered
    in_a_row = all(len(a) == len(b) == 1 and ord(b) - ord(a) == 1 for a, b in pairwise(ordered))
    return ordered if in_a_row else None
