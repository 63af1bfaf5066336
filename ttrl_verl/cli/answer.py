"""``ttrl-verl answer``: questions without labels in, answers out, and the model that was adapted to them."""

import re
from pathlib import Path

import click

EPILOG = """\b
Examples:
  ttrl-verl answer questions.jsonl --model MODEL --out answers.jsonl
  ttrl-verl answer quiz.csv --model MODEL --out a.jsonl --answer-type choice --choices yes,no
  ttrl-verl answer questions.jsonl --model MODEL --out a.jsonl --stream 8

\b
A line a question: index, origin, answer, majority_ratio, votes, responses,
answer_before, majority_ratio_before, votes_before, stands_by (the key of the
answer that counts), why, adapted. Killed? Type the same command again.
"""

_SECONDS = {"s": 1, "m": 60, "h": 3600}


@click.command(epilog=EPILOG)
@click.argument("questions", type=click.Path(path_type=Path), metavar="FILE")
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--model", required=True, help="A folder or a hub id.")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="OUT.jsonl", help="The answers.")
@click.option("--recipe", metavar="R", help="[default: ttrl; answer_cpu where vLLM is built for CPUs]")
@click.option("--hold", type=click.Path(path_type=Path), metavar="FILE", help="Answer these too, and adapt to none.")
@click.option("--n", type=click.IntRange(min=1), help="Votes a question, before and after  [default: the recipe's]")
@click.option("--steps", type=click.IntRange(min=1), help="Of training  [default: the recipe's]")
@click.option("--budget", metavar="TIME", help="Such as 30m or 2h: end in time.")
@click.option(
    "--stream", type=click.IntRange(min=1), metavar="N", help="Take N questions at a time: answer, then adapt."
)
@click.option("--answer-type", metavar="TYPE", help="[default: the recipe's]")
@click.option("--choices", help="For choice: how many letters (4), or the words, with commas between.")
@click.option("--dry-run", is_flag=True, help="Check, and print the command; start nothing.")
def command(
    questions: Path,
    overrides: tuple[str, ...],
    model: str,
    out: Path,
    recipe: str | None,
    hold: Path | None,
    n: int | None,
    steps: int | None,
    budget: str | None,
    stream: int | None,
    answer_type: str | None,
    choices: str | None,
    dry_run: bool,
) -> int:
    """Adapt a model to the questions of FILE, which need no label, and answer them.

    Each is voted on before and after. Beside OUT.jsonl stands a folder, OUT.run, with the run's record and report and
    the adapted model (`ttrl-verl export` writes it out). Labels in FILE, if any, are printed against and reach nothing
    else.
    """
    from ttrl_verl.answering.plan import Wanted
    from ttrl_verl.cli.answer_type import chosen_answer_type
    from ttrl_verl.errors import InputError

    if stream is not None and (steps is not None or n is not None):
        raise InputError("--stream answers with the votes of training, once through FILE; it goes without --n, --steps")
    wanted = Wanted(
        questions,
        model,
        out,
        recipe=recipe,
        hold=hold,
        responses=n,
        steps=steps,
        stream=stream,
        seconds=None if budget is None else _seconds(budget),
        answer_type=chosen_answer_type(answer_type, choices),
        overrides=overrides,
    )
    if dry_run:
        import shlex

        from ttrl_verl.answering.out import check_out
        from ttrl_verl.answering.plan import plan
        from ttrl_verl.launch import verl_command
        from ttrl_verl.preflight.findings import findings, refuse

        check_out(out)
        planned = plan(wanted)
        refuse(findings(planned.composed, planned.files))
        click.echo(shlex.join(verl_command(planned.composed.file, planned.composed.overrides)))
        return 0
    from rich.console import Console

    from ttrl_verl.answering.run import answer

    return answer(wanted, Console())


def _seconds(budget: str) -> float:
    """Return a time in seconds.

    Example:
        >>> _seconds("30m")
        1800.0
    """
    from ttrl_verl.errors import InputError

    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([smh])", budget)
    if match is None or float(match[1]) == 0:
        raise InputError(f"--budget is {budget!r:.40}; expected a number with s, m or h, such as 30m")
    return float(match[1]) * _SECONDS[match[2]]
