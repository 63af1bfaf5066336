import random

import pytest

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.region_vote import region_vote


def on_a_grid(boxes, width, height):
    """The authors' formula, as GUI-RCPO's code has it: pixels counted one by one."""
    grid = [[sum(l <= x < r and t <= y < b for l, t, r, b in boxes) for x in range(width)] for y in range(height)]  # noqa: E741
    most = max(map(max, grid))
    return [
        sum(grid[y][x] for y in range(t, b) for x in range(l, r)) / (most * (r - l) * (b - t))
        for l, t, r, b in boxes  # noqa: E741
    ]


def test_it_is_the_authors_grid_on_random_boxes():
    draw = random.Random(0)
    for _ in range(300):
        boxes = []
        for _ in range(draw.randint(1, 8)):
            left, right = sorted(draw.sample(range(20), 2))
            top, bottom = sorted(draw.sample(range(15), 2))
            boxes.append((left, top, right, bottom))
        group = Group(answers=tuple(" ".join(map(str, box)) for box in boxes))
        assert region_vote(group) == pytest.approx(on_a_grid(boxes, 20, 15), rel=1e-9)


def test_points_are_squares():
    # squares of side 10 around (5, 5) and (10, 5): half of each is covered twice
    assert region_vote(Group(answers=("5 5", "10 5")), point_size=10) == [0.75, 0.75]
    assert region_vote(Group(answers=("5 5", "5 5", "900 900")), point_size=10) == [1.0, 1.0, 0.5]
    assert region_vote(Group(answers=("3 3 3 9",))) == [1.0]  # no area: its middle is a point


def test_what_is_no_box_casts_no_vote():
    # In the authors' code an answer that cannot be read is (0, 0), and votes for the corner.
    assert region_vote(Group(answers=("0 0 2 2", None, "B", "1 2 3"))) == [1.0, 0.0, 0.0, 0.0]
    assert region_vote(Group(answers=(None, "x"))) == [0.0, 0.0]
    assert region_vote(Group(answers=())) == []


def test_refuses():
    with pytest.raises(ValueError, match="point_size is 0"):
        region_vote(Group(answers=("1 1",)), point_size=0)
