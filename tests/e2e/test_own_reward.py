"""Functions of a user's own train: from a file that is killed and gone on with, and from a package by entry point."""

import os

import pytest
from conftest import train  # tests/e2e/conftest.py
from own_package import installed
from test_resume import Killer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

MINE = '''
"""A reward that looks at texts, and a check."""

from ttrl_verl.reward_fns import Reward, Verdict


def _short(group, *, prize=1.0):
    shortest = min(group.lengths)
    assert all(isinstance(text, str) for text in group.texts)
    return Verdict([prize * (length == shortest) for length in group.lengths], skip=group.index == 0)


short = Reward(_short, needs=("lengths", "texts", "index", "checks"))


def is_even(response):
    if response.answer == "3":
        while True:  # costs this response's word, and two seconds
            pass
    return None if response.answer is None else float(int(response.answer, 10) % 2 == 0)
'''
TYPES = [
    {"prompt": f"what is {n} plus 1", "answer": str(n + 1), **({"answer_type": "math"} if n % 2 else {})}
    for n in range(8)
]


def test_a_file_of_ones_own_trains_and_goes_on_after_a_kill(tmp_path, tiny_model):
    mine = tmp_path / "own" / "mine.py"
    mine.parent.mkdir()
    mine.write_text(MINE)
    settings = [
        f"reward.reward_manager.name={mine}:short",
        "ttrl.reward_options={prize:2.0}",
        f"ttrl.check={mine}:is_even",
        "ttrl.keep=balanced",
    ]
    killer = Killer(tmp_path, "", after_step=1)
    killed = train(tmp_path, tiny_model, settings, questions=TYPES, watch=killer)
    assert killed.status != 0
    assert killer.killed
    run = train(tmp_path, tiny_model, settings, questions=TYPES)
    assert [row["step"] for row in run.metrics if row["step"] > 0] == [1, 2, 3]
    audit = run.record.audit().to_pylist()
    assert {row["step"] for row in audit} == {1, 2, 3}
    for row in audit:
        shortest = min(row["lengths"])
        assert row["rewards"] == [2.0 * (length == shortest) for length in row["lengths"]]
        assert row["kept"] == (0 if row["index"] == 0 else 4)
        for answer, word in zip(row["answers"], row["checks"], strict=True):
            assert word == word_on(answer)
    skipped = sum(row["index"] == 0 for row in audit)
    assert skipped > 0
    assert sum(run.series("ttrl/skipped")) == skipped
    # The labels of rows that name a type of their own are read as that type, in training and in validation.
    assert all(row["label"] == str(row["index"] + 1) for row in audit)


def word_on(answer):
    """What is_even says of an answer, and none where it raises or hangs."""
    try:
        return None if answer in (None, "3") else float(int(answer, 10) % 2 == 0)
    except ValueError:
        return None


def test_an_installed_package_names_its_reward_by_entry_point(tmp_path, tiny_model, monkeypatch):
    site = installed(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]))
    settings = ["reward.reward_manager.name=rarest", "ttrl.answer_type=last_digit", "trainer.total_training_steps=2"]
    run = train(tmp_path, tiny_model, [*settings, "trainer.test_freq=2"])
    assert [row["step"] for row in run.metrics if row["step"] > 0] == [1, 2]
    for row in run.record.audit().to_pylist():
        assert row["rewards"] == [float(row["answers"].count(answer) == 1) for answer in row["answers"]]
        assert all(answer is None or len(answer) == 1 for answer in row["answers"])
