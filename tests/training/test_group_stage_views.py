"""Several askings of one question in a step, on the real TransferQueue."""

import pytest
from queue_rows import put, remember, scores, stage

pytestmark = [pytest.mark.verl, pytest.mark.timeout(300), pytest.mark.usefixtures("runs")]


def test_a_session_has_the_view_of_its_number_whoever_came_first(tq):
    remember({0: "4"})
    # Views 0, 1, 0, 1, and a response is missing: view 0 says 5, 5, view 1 says 4, 4.
    put(tq, "a", ["5", "4", ..., "4", "5"], order=[4, 3, 0, 1, 2])
    one = stage(reward="crossed", views="[as_written,rotate 5]")
    batch, metrics = one.sample(global_steps=1, partition_id="train", batch_size=1)
    assert {row[-1] for row in scores(tq, batch).values()} == {0.0}
    assert (metrics["ttrl/view_0/label_accuracy"], metrics["ttrl/view_1/label_accuracy"]) == (0.0, 1.0)
    one._writer.close()
    remember()


def test_the_answer_of_every_view_wins(tq):
    put(tq, "a", ["5", "4", "5", "5", "5", "4"])  # view 0: 5 5 5; view 1: 4 5 4
    one = stage(reward="harmonic", views="[as_written,'template So: {question}']")
    batch, _ = one.sample(global_steps=1, partition_id="train", batch_size=1)
    assert {key: row[-1] for key, row in scores(tq, batch).items()} == {"a_0_0": 1.0, "a_1_0": 0.0}
    one._writer.close()
