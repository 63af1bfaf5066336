"""Where the lines of a chart lie."""

import pytest

from ttrl_verl.report.chart import Series, _ticks, draw
from ttrl_verl.report.curves import Point, step_curves


@pytest.mark.parametrize(
    ("low", "high", "at_most", "whole", "ticks"),
    [
        (0, 0.27, 4, False, [0, 0.1, 0.2, 0.3]),
        (0, 1, 4, False, [0, 0.25, 0.5, 0.75, 1]),
        (-0.4, 0.9, 4, False, [-0.5, 0, 0.5, 1]),
        (0, 3072, 4, False, [0, 1000, 2000, 3000, 4000]),
        (1, 7, 6, True, [1, 2, 3, 4, 5, 6, 7]),
        (0, 1, 6, True, [0, 1]),
        (1, 5000, 6, True, [0, 1000, 2000, 3000, 4000, 5000]),
        (5, 5, 6, True, [5]),
    ],
)
def test_ticks_are_round_numbers_that_reach_both_ends(low, high, at_most, whole, ticks):
    assert _ticks(low, high, at_most, whole=whole) == ticks


def test_a_share_is_drawn_between_nothing_and_all():
    points = [Point(0, 0.0), Point(10, 1.0, 0.5)]
    chart = draw("t", "n", [Series("s", "step", "", points)], share=True, last_step=10, resumes=[5], alarms=[99])
    # The picture is 42 to 350 wide, with 6 left at each side, and 184 to 10 high; what is above 1 is cut there.
    assert chart.lines[0].path == "M48,184L344,10"
    assert (chart.lines[0].dots[1].low, chart.lines[0].dots[1].high) == (97.0, 10.0)
    assert [label for _, label in chart.y_ticks] == ["0.00", "0.25", "0.50", "0.75", "1.00"]
    # Half way between 48 and 344; the alarm is beyond the axis.
    assert chart.marks == ((196.0, "resume", "resumed at step 5"),)


def test_a_single_point_and_a_line_of_zeros_are_drawn():
    for points in ([Point(3, 0.0)], [Point(1, 0.0), Point(2, 0.0)]):
        chart = draw("t", "", [Series("s", "step", "", points)], share=False, last_step=3)
        assert len(chart.lines[0].dots) == len(points)
        assert chart.y_ticks[0][1] == "0.00"


def test_a_number_that_blew_up_is_no_point():
    logged = [{"step": step, "data": {"actor/entropy": value}} for step, value in enumerate([1.0, 1e300, "x", None])]
    (curve,) = step_curves(logged, [])
    assert curve.points == (Point(0, 1.0),)
