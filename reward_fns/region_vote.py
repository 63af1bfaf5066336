"""GUI-RCPO's reward: a box that lies where the group's boxes lie."""

from bisect import bisect_left
from itertools import accumulate

from ttrl_verl.reward_fns.group import Group

Region = tuple[float, float, float, float]


def region_vote(group: Group, *, point_size: float = 50.0) -> list[float]:
    """Reward each box by how many of the group's boxes cover it, on average over its area.

    r_i = sum over box_i of g / (area_i * max g), with g(x, y) the number of the group's boxes that cover (x, y)
    (GUI-RCPO, arXiv 2508.05615). 1.0 where every part of the box is covered as often as any place is.

    Departures: the authors count on a grid of pixels and need the image's size; here the plane is cut at the boxes'
    edges, which is the same number for boxes of whole pixels. There, a response without an answer votes for the corner;
    here it casts no vote and earns 0.0.

    Args:
        group: N responses to one prompt, their answers of the type ``box``.
        point_size: the side of the square that stands for a point, or for a box without area, above 0.

    Returns:
        N rewards in [0, 1], sampling order. Nobody has an answer: all 0.0. One response has one: 1.0 for it.

    Raises:
        ValueError: ``point_size`` is not above 0 and finite.

    Example:
        >>> region_vote(Group(answers=("0 0 2 1", "1 0 3 1", None)))  # each: half covered once, half twice; max g is 2
        [0.75, 0.75, 0.0]
    """
    if not 0 < point_size < float("inf"):
        raise ValueError(f"point_size is {point_size}; expected a finite number above 0")
    regions = [_region(answer, point_size) for answer in group.answers]
    boxes = [region for region in regions if region is not None]
    if not boxes:
        return [0.0] * group.size
    xs = sorted({x for box in boxes for x in (box[0], box[2])})
    ys = sorted({y for box in boxes for y in (box[1], box[3])})
    covered = _cover(boxes, xs, ys)
    most = max(map(max, covered))
    # Integrals of g from the lower left corner, so that a box costs four look-ups however many cells it has.
    rows = [
        list(
            accumulate((count * (xs[i + 1] - xs[i]) * (ys[j + 1] - ys[j]) for i, count in enumerate(row)), initial=0.0)
        )
        for j, row in enumerate(covered)
    ]
    sums = [[0.0] * len(xs)]
    for row in rows:
        sums.append([above + here for above, here in zip(sums[-1], row, strict=True)])
    return [0.0 if box is None else _share(box, xs, ys, sums) / most for box in regions]


def _region(answer: str | None, point_size: float) -> Region | None:
    """Return a canonical answer as a box; ``None`` where it is none."""
    try:
        numbers = [float(part) for part in (answer or "").split()]
    except ValueError:
        return None
    if len(numbers) == 4 and numbers[0] < numbers[2] and numbers[1] < numbers[3]:
        return numbers[0], numbers[1], numbers[2], numbers[3]
    if len(numbers) not in (2, 4):
        return None
    x, y = (numbers[0] + numbers[-2]) / 2, (numbers[1] + numbers[-1]) / 2
    half = point_size / 2
    return x - half, y - half, x + half, y + half


def _cover(boxes: list[Region], xs: list[float], ys: list[float]) -> list[list[int]]:
    """Return how many boxes cover each cell between the cuts, a list for each row of cells."""
    steps = [[0] * len(xs) for _ in ys]
    for left, low, right, high in boxes:
        i, k = bisect_left(xs, left), bisect_left(xs, right)
        j, m = bisect_left(ys, low), bisect_left(ys, high)
        steps[j][i] += 1
        steps[j][k] -= 1
        steps[m][i] -= 1
        steps[m][k] += 1
    covered: list[list[int]] = []
    for row in steps[:-1]:
        before = covered[-1] if covered else [0] * (len(xs) - 1)
        covered.append([above + here for above, here in zip(before, accumulate(row[:-1]), strict=True)])
    return covered


def _share(box: Region, xs: list[float], ys: list[float], sums: list[list[float]]) -> float:
    """Return the mean of g over a box."""
    i, k = bisect_left(xs, box[0]), bisect_left(xs, box[2])
    j, m = bisect_left(ys, box[1]), bisect_left(ys, box[3])
    whole = sums[m][k] - sums[j][k] - sums[m][i] + sums[j][i]
    return whole / ((box[2] - box[0]) * (box[3] - box[1]))
