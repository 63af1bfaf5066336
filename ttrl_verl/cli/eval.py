"""``ttrl-verl eval``: measure a model on questions, through verl's and vLLM's own path, or read a dump back."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ttrl_verl.reward_fns.answers import ANSWER_TYPE_NAMES

if TYPE_CHECKING:
    from ttrl_verl.evaluation.eval_json import EvalResult
    from ttrl_verl.measuring import Measurement
    from ttrl_verl.reward_fns.answers import AnswerType

EPILOG = """\b
Examples:
  ttrl-verl eval MODEL --data data/aime24.parquet --n 16
  ttrl-verl eval MODEL --data data/aime24.parquet --match runs/aime24
  ttrl-verl eval --from runs/aime24/validation/0.jsonl

\b
avg@n: the share of right responses. pass@k: unbiased, 1 - C(n-c,k)/C(n,k).
maj@n: the vote of the n drawn. maj@k below n: the mean over every subset.
Each is a mean over questions, ± one standard error.
"""


@click.command("eval", epilog=EPILOG)
@click.argument("model", required=False)
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--data", type=click.Path(path_type=Path), metavar="FILE", help="Questions with labels.")
@click.option("--heldout", type=click.Path(path_type=Path), metavar="FILE", help="Others, measured beside them.")
@click.option("--n", type=click.IntRange(min=1), help="Responses a question  [default: 16]")
@click.option("--k", "ks", metavar="K,...", help="Of pass@k and maj@k  [default: those of 1,4,16 up to n]")
@click.option("--match", type=click.Path(path_type=Path), metavar="RUN_DIR", help="Sample as much as this run did.")
@click.option("--baseline-votes", type=click.IntRange(min=1), metavar="N", help="The same, said as a number.")
@click.option("--recipe", metavar="R", help="Whose settings to sample with  [default: ttrl]")
@click.option("--answer-type", metavar="TYPE", help=f"{', '.join(ANSWER_TYPE_NAMES)}  [default: the recipe's]")
@click.option("--choices", help="For choice: how many letters (4), or the words, with commas between.")
@click.option("--greedy/--no-greedy", default=True, show_default=True, help="Answer each question greedily too.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="[default: runs/eval-<time>]")
@click.option(
    "--from", "dump", type=click.Path(path_type=Path), metavar="FILE", help="Read a validation dump; run nothing."
)
@click.option("--dry-run", is_flag=True, help="Check, and print the command; start nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print eval.json in place of the table.")
def command(
    model: str | None,
    overrides: tuple[str, ...],
    data: Path | None,
    heldout: Path | None,
    n: int | None,
    ks: str | None,
    match: Path | None,
    baseline_votes: int | None,
    recipe: str | None,
    answer_type: str | None,
    choices: str | None,
    greedy: bool,
    out: Path | None,
    dump: Path | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Measure MODEL, a hub id or a folder: avg@n, pass@k, maj@n and greedy, with standard errors.

    It is one validation pass of a recipe, by verl's own trainer; nothing is trained. The figures go to DIR/eval.json.
    """
    from ttrl_verl.errors import InputError

    wanted_ks = _ks(ks)
    if dump is not None:
        drawing = {"model": model, "data": data, "heldout": heldout, "match": match, "n": n}
        drawing |= {"baseline-votes": baseline_votes, "KEY=VALUE": overrides}
        wrong = next((name for name, value in drawing.items() if value), None)
        if wrong is not None:
            raise InputError(f"--from reads what was measured; it goes without {wrong}")
        return _read(dump, _dump_answer_type(dump, recipe, answer_type, choices), wanted_ks, out, as_json)
    if model is None or data is None:
        raise InputError("expected MODEL and --data FILE, or --from FILE (`ttrl-verl eval --help` has examples)")
    if sum(value is not None for value in (n, match, baseline_votes)) > 1:
        raise InputError("--n, --match and --baseline-votes each say how many responses to draw; expected one of them")
    from ttrl_verl.cli.answer_type import chosen_answer_type
    from ttrl_verl.measuring import Wanted, prepare

    wanted = Wanted(
        model=model,
        data=data,
        heldout=heldout,
        recipe=recipe or "ttrl",
        overrides=overrides,
        n=baseline_votes or n,
        ks=wanted_ks,
        match=match,
        greedy=greedy,
        answer_type=chosen_answer_type(answer_type, choices),
        **({} if out is None else {"out": out}),
    )
    measurement = prepare(wanted)
    if dry_run:
        import shlex

        click.echo(shlex.join(measurement.command))
        return 0
    return _measure(measurement, as_json)


def _ks(text: str | None) -> list[int] | None:
    from ttrl_verl.errors import InputError

    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,6}(,[0-9]{1,6})*", text):
        raise InputError(f"--k is {text!r:.40}; expected whole numbers with commas between, such as 1,4,16")
    ks = sorted({int(part) for part in text.split(",")})
    if ks[0] < 1:
        raise InputError("--k has 0; expected at least 1")
    return ks


def _read(dump: Path, answer_type: "AnswerType", ks: list[int] | None, out: Path | None, as_json: bool) -> int:
    from ttrl_verl.evaluation.eval_json import EvalResult
    from ttrl_verl.evaluation.evaluate import evaluate

    result = EvalResult(None, dump, None, answer_type.name, evaluate(dump, answer_type, ks))
    if out is not None:
        result.write(out)
    _say(result, as_json)
    return 0


def _dump_answer_type(dump: Path, recipe: str | None, answer_type: str | None, choices: str | None) -> "AnswerType":
    """Return the answer type of a dump: as given, as the recipe says, as its run's folder says, or math."""
    from ttrl_verl.cli.answer_type import parse_answer_type
    from ttrl_verl.composition.recipe import compose_run
    from ttrl_verl.record.layout import MANIFEST
    from ttrl_verl.record.read import open_run

    run = dump.absolute().parent.parent
    if answer_type is None and choices is None:
        if recipe is not None:
            return compose_run(recipe).ttrl.build_answer_type()
        if (run / MANIFEST).is_file():
            return open_run(run).answer_type()
    return parse_answer_type(answer_type or ("choice" if choices else "math"), choices)


def _measure(measurement: "Measurement", as_json: bool) -> int:
    from rich.console import Console

    from ttrl_verl.measuring import measure

    console = Console(stderr=as_json, soft_wrap=True, highlight=False)
    result = measure(measurement, console)
    if result is None:
        return 1
    path = result.write(measurement.wanted.out)
    _say(result, as_json)
    console.print(f"figures: {path}", markup=False)
    return 0


def _say(result: "EvalResult", as_json: bool) -> None:
    from rich.console import Console

    if as_json:
        click.echo(json.dumps(result.as_json(), allow_nan=False))
        return
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)  # in a file, the table's rows are lines
    console.print(result.table())
    for note in result.notes():
        console.print(note, highlight=False, soft_wrap=True, markup=False)
