"""The command line. Each command is a module that is imported when it is called, so that none pays for another."""

import importlib
import os
import sys
from contextlib import suppress

import click

from ttrl_verl import __version__
from ttrl_verl.cli.lazy import lazy_group
from ttrl_verl.errors import InputError
from ttrl_verl.printable import one_line, path_name

COMMANDS = {
    "answer": "Adapt a model to questions without labels, and answer them.",
    "demo": "Train a small model without labels and show before and after.",
    "train": "Run a recipe with verl's own trainer.",
    "report": "Show what came of a run, as a page and as text.",
    "score": "Reward answers offline: JSONL in, JSONL out.",
    "audit": "Tell what a run's prompts were answered, visit by visit.",
    "export": "Turn a run's checkpoint into a Hugging Face folder.",
    "recipes": "List the recipes, and what of them was verified.",
    "show": "Print a recipe as it composes.",
    "check": "Say what is installed, and check a recipe.",
    "prepare": "Make question files: a benchmark, your own questions.",
    "vote": "Let a model vote on questions, without training.",
    "eval": "Measure a model: avg@n, pass@k, maj@n.",
}
"""Each command and the line that `--help` prints for it; the module of the same name holds it as ``command``."""


def _load(name: str) -> click.Command:
    return importlib.import_module(f"ttrl_verl.cli.{name}").command


@click.group(cls=lazy_group(COMMANDS, _load), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ttrl-verl")
def cli() -> None:
    """Test-time reinforcement learning on stock verl: learn from questions without labels."""


cli.epilog = """\b
Examples:
  ttrl-verl recipes
  ttrl-verl train aime24 model=qwen2.5-math-7b --dry-run

\b
Completion of commands, recipes and keys, for this shell:
  bash  eval "$(_TTRL_VERL_COMPLETE=bash_source ttrl-verl)"
  zsh   eval "$(_TTRL_VERL_COMPLETE=zsh_source ttrl-verl)"
  fish  _TTRL_VERL_COMPLETE=fish_source ttrl-verl | source
"""


def main() -> None:
    """Run the command line; bad input is one line on standard error and exit status 2."""
    if sys.stdout is None:  # closed by whoever started this
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    try:
        status = cli.main(prog_name="ttrl-verl", standalone_mode=False)
        sys.stdout.flush()  # what is left to write may not fit either
    except (InputError, click.ClickException) as error:
        message = error.format_message() if isinstance(error, click.ClickException) else str(error)
        print(f"ttrl-verl: {one_line(' '.join(message.split()))}", file=sys.stderr)  # a stranger's file may be quoted
        sys.exit(2)
    except OSError as error:
        # Of the machine, not of this program: standard output on a full disk, a folder that may not be read.
        if error.filename is None:
            _forget_output()
        if isinstance(error, BrokenPipeError):  # the reader has seen enough, as in `... | head`
            sys.exit(0)
        where = "" if error.filename is None else f"{path_name(error.filename)}: "
        print(f"ttrl-verl: {where}{error.strerror or error}", file=sys.stderr)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        print("ttrl-verl: interrupted", file=sys.stderr)
        sys.exit(130)
    sys.exit(status if isinstance(status, int) else 0)


def _forget_output() -> None:
    """Write what is left to nowhere: Python would try it once more when it ends, and print a traceback."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
