"""``ttrl-verl vote``: a model's votes on questions, without training."""

from pathlib import Path

import click

EPILOG = """\b
Example: ttrl-verl vote questions.jsonl --model MODEL --n 64 --out votes.parquet

\b
The file has a row a question: index, origin, data_source, answers, answer,
majority_ratio, answer_entropy, unparsed. Its metadata names model, questions and
settings by digest.
"""


@click.command(epilog=EPILOG)
@click.argument("questions", type=click.Path(path_type=Path), metavar="FILE")
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--model", required=True, help="A folder or a hub id.")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="VOTES.parquet", help="The votes.")
@click.option("--n", type=click.IntRange(min=1), default=16, show_default=True, help="Votes a question.")
@click.option("--recipe", default="ttrl", show_default=True, metavar="R", help="Whose settings to sample with.")
@click.option("--answer-type", metavar="TYPE", help="[default: the recipe's]")
@click.option("--choices", help="For choice: how many letters (4), or the words, with commas between.")
@click.option("--dry-run", is_flag=True, help="Check, and print the command; start nothing.")
def command(
    questions: Path,
    overrides: tuple[str, ...],
    model: str,
    out: Path,
    n: int,
    recipe: str,
    answer_type: str | None,
    choices: str | None,
    dry_run: bool,
) -> int:
    """Let MODEL vote on the questions of FILE, and say what the votes tell without a label: is it worth adapting?

    Verl's own output and the responses themselves are in a folder beside VOTES.parquet, VOTES.run.
    """
    from ttrl_verl.answering.vote import Wanted, plan, vote
    from ttrl_verl.cli.answer_type import chosen_answer_type

    chosen = chosen_answer_type(answer_type, choices)
    wanted = Wanted(questions, model, out, n=n, recipe=recipe, answer_type=chosen, overrides=overrides)
    if dry_run:
        import shlex

        from ttrl_verl.launch import verl_command
        from ttrl_verl.preflight.findings import findings, refuse

        composed = plan(wanted)
        refuse(findings(composed))
        click.echo(shlex.join(verl_command(composed.file, composed.overrides)))
        return 0
    from rich.console import Console

    return vote(wanted, Console())
