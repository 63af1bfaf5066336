"""``ttrl-verl prepare aime24`` and the other benchmarks: from the hub or a local copy to a file that a recipe reads."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import click

from ttrl_verl.prepare.benchmarks import BENCHMARKS


def benchmark_command(name: str) -> click.Command:
    """Return the command of a benchmark."""
    benchmark = BENCHMARKS[name]

    def run(as_json: bool, **options: Any) -> None:
        from ttrl_verl.prepare.benchmark_file import prepare_benchmark

        done = prepare_benchmark(name, **options)
        click.echo(json.dumps(dataclasses.asdict(done)) if as_json else _summary(name, done))

    params: list[click.Parameter] = [
        click.Option(
            ["--from", "source"], type=click.Path(path_type=Path), metavar="FILE", help="A local copy, not the hub."
        ),
        click.Option(
            ["--out"], type=click.Path(path_type=Path), metavar="FILE", help=f"[default: data/{name}.parquet]"
        ),
        click.Option(
            ["--suffix"],
            default="none",
            show_default=True,
            metavar="boxed|none|TEXT",
            help="Appended to each question: boxed for models whose chat template asks for no box (Qwen2.5, LLaMA), "
            "none for Qwen2.5-Math.",
        ),
        click.Option(["--skip-bad"], is_flag=True, help="Leave out what does not equal itself; else it is refused."),
        click.Option(["--force"], is_flag=True, help="Write over a file that is there."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print the summary as JSON."),
    ]
    if benchmark.levels:
        params.insert(1, click.Option(["--level"], type=click.IntRange(1, 5), help="These questions alone."))
    if benchmark.answer_type == "choice":
        params.insert(
            1, click.Option(["--seed"], default=0, show_default=True, help="Of the order of a question's options.")
        )
    terms = " Its terms must be accepted on the hub." if benchmark.gated else ""
    return click.Command(
        name,
        callback=run,
        params=params,
        help=f"Write {name}, {benchmark.rows} questions, from {benchmark.hub} on the hub or from a local copy.{terms}"
        "\n\nA local copy is parquet, JSON, JSONL or CSV with the hub's columns or TTRL's (prompt, answer). Every "
        "ground truth is graded against itself before anything is written.",
        epilog=f"Example: ttrl-verl prepare {name} --from {name}.json --suffix boxed",
    )


def _summary(name: str, done: Any) -> str:
    from ttrl_verl.composition.catalogue import recipe_names
    from ttrl_verl.prepare.next_step import train_line

    recipe = next((known for known in (f"ttrl_{name}", "ttrl") if known in recipe_names()), "ttrl")
    lines = [
        f"{done.file}: {done.rows} questions of {done.benchmark}, answer type {done.answer_type}",
        f"  from     {done.source}",
        f"  graded   every ground truth equals itself{f'; {len(done.skipped)} left out:' if done.skipped else ''}",
        *(f"           {line}" for line in done.skipped),
        f"  suffix   {'none' if done.suffix is None else repr(done.suffix)}",
        f"  sha256   {done.sha256}",
        f"  content  {done.content_sha256} ({done.content})",
        f"next: {train_line(recipe, [done.file], [done.file], done.answer_type)}",
    ]
    return "\n".join(lines)
