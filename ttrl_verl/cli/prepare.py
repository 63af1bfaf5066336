"""``ttrl-verl prepare``: question files that a recipe reads, checked before they are written."""

import importlib

import click

from ttrl_verl.cli.lazy import lazy_group

BENCHMARKS = {
    "aime24": "AIME 2024: 30 questions.",
    "aime25": "AIME 2025: 30 questions.",
    "amc": "AMC 2022 and 2023: 83 questions.",
    "math500": "MATH-500, or one level of it.",
    "gpqa": "GPQA-Diamond: 198 questions with four options.",
}
"""Those that ``cli/prepare_benchmark.py`` holds."""

COMMANDS = {
    **BENCHMARKS,
    "questions": "Your own JSONL, CSV, JSON or parquet.",
    "images": "A folder of images and class names.",
    "ttrv": "TTRV's JSON files, with your own copy of the images.",
}
"""Each command and the line that `--help` prints for it; else ``cli/prepare_<name>.py`` holds it as ``command``."""


def _load(name: str) -> click.Command:
    if name in BENCHMARKS:
        return importlib.import_module("ttrl_verl.cli.prepare_benchmark").benchmark_command(name)
    return importlib.import_module(f"ttrl_verl.cli.prepare_{name}").command


@click.group(cls=lazy_group(COMMANDS, _load), epilog="Example: ttrl-verl prepare aime24 --suffix boxed")
def command() -> None:
    """Make a question file. It is checked before it is written: its rows, and every ground truth against itself."""
