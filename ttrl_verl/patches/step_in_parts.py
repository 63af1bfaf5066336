"""Patch: the metrics of a step that is sampled in parts.

The trainer ``separate_async`` trains a step in ``parameter_sync_step`` mini-batches, and samples each by itself.
``verl.trainer.ppo.v1.utils.MetricsAggregator`` (0.9.1, line 84) makes one value of their metrics by what the name
contains, for ours the mean, weighted with the responses that were trained on: a step of 8 prompts with 64 votes each
would have cast 64, and of 8 responses that never came one would be counted. Here counts are summed, what the record
says of the whole step is its last word, and a mean over prompts is the mean of the parts, which are of one size.
"""

from collections.abc import Callable

from ttrl_verl.hooks import patch

PREFIX = "ttrl/"
SUMMED = frozenset(
    {
        "votes",
        "votes_cast",
        "votes_cut",
        "tokens_saved",
        "kept",
        "skipped",
        "missing_responses",
        "short_groups",
        "evicted_groups",
        "passed_over",
        "group_stage_seconds",
        "record_seconds",
    }
)
LAST = frozenset(
    {"alarms", "audit_lost", "answer_information", "answer_information_z", "queue_leftover", "top_answer_share"}
)


def register() -> None:
    """Wrap the method that decides, as soon as its module is imported."""
    patch("verl.trainer.ppo.v1.utils", {"MetricsAggregator._get_aggregation_type": _of_ours})


def _of_ours(wrapped: Callable, instance: object, args: tuple, kwargs: dict) -> str:
    name = args[0] if args else kwargs["metric_name"]
    if not name.startswith(PREFIX):
        return wrapped(*args, **kwargs)
    own = name.removeprefix(PREFIX)
    # verl takes the plain mean for a word that it does not know.
    return "sum" if own in SUMMED else "last" if own in LAST else "mean_of_parts"
