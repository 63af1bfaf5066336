"""A user's reward: where it is found, and the words of each error."""

import pickle
import re

import pytest

from ttrl_verl.reward_fns import REWARD_FNS, Group, get_reward_fn
from ttrl_verl.reward_fns.names import absolute, find, is_own

RAREST = """
from collections import Counter


def rarest(group, *, prize=1.0):
    counts = Counter(group.answers)
    return [prize * (counts[answer] == min(counts.values())) for answer in group.answers]
"""


@pytest.fixture
def mine(tmp_path):
    def write(text=RAREST, name="mine.py"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def test_a_function_of_a_file(mine):
    reward = get_reward_fn(f"{mine()}:rarest", prize=2.0)
    assert reward(Group(answers=("4", "4", "5"))) == [0.0, 0.0, 2.0]
    assert (reward.own, reward.origin) == (True, str(mine()))
    assert pickle.loads(pickle.dumps(reward))(Group(answers=("4", "4", "5"))) == [0.0, 0.0, 2.0]


def test_a_function_of_a_module(mine, monkeypatch):
    monkeypatch.syspath_prepend(mine(name="votes_of_mine.py").parent)
    reward = get_reward_fn("pkg://votes_of_mine:rarest")
    assert reward(Group(answers=("4", "4", "5"))) == [0.0, 0.0, 1.0]
    assert reward.origin == "votes_of_mine"


def test_what_it_needs_stands_beside_it(mine):
    text = "from ttrl_verl.reward_fns import Reward\n\ndef _f(group):\n    return [float(n) for n in group.lengths]\n"
    reward = get_reward_fn(f"{mine(text + 'longest = Reward(_f, needs=(' + repr('lengths') + ',))')}:longest")
    assert reward.reward.needs == ("lengths",)


@pytest.mark.parametrize(
    ("text", "function", "said"),
    [
        (RAREST, "rarets", r"the reward \S+mine.py:rarets: \S+/mine.py has no rarets; did you mean rarest\?"),
        ("import torchx\n", "f", r"cannot be imported: ModuleNotFoundError: No module named 'torchx' \(line 1\)"),
        ("def f(group)\n", "f", r"cannot be imported: SyntaxError: expected ':' \(line 1\)"),
        ("\nraise SystemExit(3)\n", "f", r"cannot be imported: SystemExit: 3 \(line 2\)"),
        ("f = 3\n", "f", r"is int; expected a function of a Group"),
        ("def f():\n    return []\n", "f", r"takes no argument; expected a function of a Group"),
        (
            "def f(group, k):\n    return []\n",
            "f",
            r"takes k without a default; expected a Group, and options with one",
        ),
        ("def f(group):\n    return [1.0]\n", "f", r"fails on a group of two: .*it returned 1 reward for 2 responses"),
        ("def f(group):\n    return [1.0, 'x']\n", "f", r"its rewards\[1\] is str 'x'; expected a number"),
        ("def f(group):\n    return [1, float('nan')]\n", "f", r"its rewards\[1\] is nan; expected a finite number"),
        ("def f(group):\n    return None\n", "f", r"its rewards are None; expected a list of numbers"),
        ("def f(group):\n\n    return 1 / 0\n", "f", r"two: ZeroDivisionError: division by zero \(line 3\)"),
        (
            "def f(group):\n    return group.texts[0]\n",
            "f",
            r"TypeError: 'NoneType' object is not subscriptable \(line 2",
        ),
        (
            "from ttrl_verl.reward_fns import Reward\nf = Reward(lambda g: [], needs=('text',))",
            "f",
            r"ValueError: a reward names the field 'text'; a group has log_probs, label, .* \(line 2\)",
        ),
    ],
)
def test_each_error_is_one_line(mine, text, function, said):
    with pytest.raises(ValueError, match=said) as error:
        get_reward_fn(f"{mine(text)}:{function}")
    assert "\n" not in str(error.value)


def test_what_is_not_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, said in (
        ("no.py:f", f"the reward no.py:f: no such file {tmp_path}/no.py"),
        ("no.py", "the reward no.py names no function; expected file.py:function"),
        ("pkg://no_such_module:f", "cannot be imported: ModuleNotFoundError: No module named 'no_such_module'"),
        ("pkg://math", "the reward pkg://math names no function; expected pkg://module:function"),
        ("majority", "expected one of agreement_band, certainty, confidence_vote"),
        ("majority_vot", "pkg://module:function or file.py:function; did you mean majority_vote?"),
    ):
        with pytest.raises(ValueError, match=re.escape(said)):
            find(name, "reward", REWARD_FNS)


def test_a_name_for_another_process(tmp_path):
    assert absolute("a/mine.py:f", tmp_path) == f"{tmp_path}/a/mine.py:f"
    assert absolute("/mine.py:f", tmp_path) == "/mine.py:f"
    assert absolute("pkg://mine:f", tmp_path) == "pkg://mine:f"
    assert [is_own(name, REWARD_FNS) for name in ("oracle", "mine.py:f", "pkg://mine:f", "rarest")] == [0, 1, 1, 1]
