"""A step that is sampled in parts has the metrics of the whole."""

import pytest

pytestmark = pytest.mark.verl

# Of two parts of one prompt each: the second's group failed in part, and verl trains on one response that stands in.
PARTS = [
    ({"ttrl/votes": 6.0, "ttrl/missing_responses": 0.0, "ttrl/majority_ratio": 0.5, "ttrl/alarms": 0.0, "lr": 1.0}, 4),
    ({"ttrl/votes": 2.0, "ttrl/missing_responses": 4.0, "ttrl/majority_ratio": 1.0, "ttrl/alarms": 1.0, "lr": 0.5}, 1),
]


@pytest.fixture
def aggregator():
    pytest.importorskip("verl", reason="verl is not installed")
    from verl.trainer.ppo.v1.utils import MetricsAggregator

    return MetricsAggregator()


def test_counts_are_summed_and_ratios_are_means_over_prompts(aggregator):
    for metrics, samples in PARTS:
        aggregator.add_step_metrics(metrics, sample_count=samples)
    assert aggregator.get_aggregated_metrics() == {
        "ttrl/votes": 8.0,
        "ttrl/missing_responses": 4.0,
        "ttrl/majority_ratio": 0.75,
        "ttrl/alarms": 1.0,
        "lr": 0.5,
    }


def test_verl_would_still_average_them(aggregator):
    """Fails when verl sums what it does not know by name: the patch can then go."""
    wrapped = type(aggregator)._get_aggregation_type.__wrapped__
    assert wrapped(aggregator, "ttrl/votes") == "weighted_avg"
    assert wrapped(aggregator, "ttrl/reward/minority_vote") == "min"


def test_every_count_of_a_step_is_among_those_that_are_summed():
    """What step_metrics sums over a step's groups is summed over its parts."""
    from ttrl_verl.patches.step_in_parts import LAST, SUMMED
    from ttrl_verl.training.prompt_group import step_metrics

    of_a_step = {name.removeprefix("ttrl/") for name in step_metrics([], [], lambda index: None)}
    assert of_a_step - SUMMED - LAST == set()
