"""A small package with a reward and an answer type of its own, as a user would publish one."""

import subprocess
import sys
from pathlib import Path


def installed(folder: Path) -> Path:
    """Build a small package with entry points, and install it into a folder."""
    source, site = folder / "votes-of-mine", folder / "site"
    source.mkdir()
    (source / "votes_of_mine.py").write_text(
        "from ttrl_verl.reward_fns.answers import AnswerType\n"
        "from ttrl_verl.reward_fns.answers.canonical import Canonical\n\n\n"
        "def rarest(group):\n"
        "    return [float(group.answers.count(answer) == 1) for answer in group.answers]\n\n\n"
        "def digit(text):\n"
        "    return next((letter for letter in reversed(text) if letter.isdigit()), None)\n\n\n"
        "last_digit = AnswerType('last_digit', digit, lambda answer: Canonical(digit(answer)))\n"
    )
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "votes-of-mine"\nversion = "1.2"\n'
        '[tool.setuptools]\npy-modules = ["votes_of_mine"]\n'
        '[project.entry-points."ttrl_verl.rewards"]\nrarest = "votes_of_mine:rarest"\n'
        '[project.entry-points."ttrl_verl.answer_types"]\nlast_digit = "votes_of_mine:last_digit"\n'
    )
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", str(site), str(source)], check=True)
    return site
