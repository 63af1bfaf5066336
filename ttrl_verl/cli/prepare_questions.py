"""``ttrl-verl prepare questions``: one's own questions to a file that every recipe reads."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import click

from ttrl_verl.printable import one_line
from ttrl_verl.reward_fns.answers import ANSWER_TYPE_NAMES


@click.command("questions", epilog="Example: ttrl-verl prepare questions mine.csv --out mine.parquet --holdout 0.2")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The parquet file to write."
)
@click.option("--prompt-key", default="prompt", show_default=True, help="The column of the question.")
@click.option("--label-key", help="The column of the ground truth  [default: answer, label or ground_truth, if any]")
@click.option("--answer-type", default="math", show_default=True, metavar="TYPE", help=", ".join(ANSWER_TYPE_NAMES))
@click.option("--choices", help="For choice: how many letters (4), or the words, with commas between.")
@click.option(
    "--suffix", default="none", show_default=True, metavar="boxed|none|TEXT", help="Appended to each question."
)
@click.option("--system", help="A system message for rows that have none.")
@click.option("--dedupe/--no-dedupe", default=True, show_default=True, help="Leave out what was there before.")
@click.option("--holdout", default=0.0, metavar="FRACTION", help="Hold out this share, into <out>_heldout.parquet.")
@click.option("--seed", default=0, show_default=True, help="Of the held-out questions.")
@click.option("--skip-bad", is_flag=True, help="Leave out a question whose label does not equal itself.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(
    files: tuple[Path, ...],
    out: Path,
    prompt_key: str,
    label_key: str | None,
    answer_type: str,
    choices: str | None,
    suffix: str,
    system: str | None,
    dedupe: bool,
    holdout: float,
    seed: int,
    skip_bad: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Write your own questions as one parquet file: FILE is JSONL, CSV, parquet or JSON, one or several.

    Labels are optional: they are graded against themselves here, and serve validation alone.
    """
    from ttrl_verl.cli.answer_type import parse_answer_type
    from ttrl_verl.prepare.own import prepare_questions
    from ttrl_verl.prepare.write import suffix_text
    from ttrl_verl.questions.read import Layout

    done = prepare_questions(
        files,
        out,
        layout=Layout(prompt_key, label_key, system, suffix_text(suffix)),
        answer_type=parse_answer_type(answer_type, choices),
        dedupe=dedupe,
        holdout=holdout,
        seed=seed,
        skip_bad=skip_bad,
        force=force,
    )
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(done)))
        return
    counts = done.counts
    click.echo(f"{done.file}: {counts.written} of {counts.read} questions, answer type {done.answer_type}")
    click.echo(f"  labels      {counts.labelled}, each equals itself{_left_out(counts.bad_labels, counts.examples)}")
    conflicting = f", {counts.conflicting} of them with another label" if counts.conflicting else ""
    click.echo(f"  duplicates  {counts.duplicates}{conflicting}, {'left out' if dedupe else 'kept'}")
    click.echo(f"  sha256      {done.sha256}")
    if done.heldout_file:
        click.echo(f"{done.heldout_file}: {counts.heldout} held out by seed {seed}")
        click.echo(f"  sha256      {done.heldout_sha256}")
    from ttrl_verl.prepare.next_step import train_line

    validate = [done.file] if done.heldout_file is None else [done.file, done.heldout_file]
    click.echo(f"next: {train_line('ttrl', [done.file], validate, done.answer_type)}")


def _left_out(bad: int, examples: Sequence[str]) -> str:
    return (
        "".join([f" but for {bad}, left out:", *(f"\n              {one_line(line)}" for line in examples)])
        if bad
        else ""
    )
