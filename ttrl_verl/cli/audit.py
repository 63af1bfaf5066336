"""``ttrl-verl audit``: every vote of a run, by prompt."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ttrl_verl.printable import one_line

if TYPE_CHECKING:
    from rich.table import Table

    from ttrl_verl.record.read import Run
    from ttrl_verl.record.visits import PromptStory

_SHOWN = 20
_WIDEST = 40
_ANSWERS = 6


@click.command(epilog="Example: ttrl-verl audit runs/mine --prompt 7")
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--prompt", metavar="ID", help="Tell this prompt's story: its index, or its file:line.")
@click.option("--all", "everything", is_flag=True, help=f"Every prompt, not the {_SHOWN} most interesting.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON a prompt, or a visit; nothing is left out.")
def command(run_dir: Path, prompt: str | None, everything: bool, as_json: bool) -> None:
    """Tell what the prompts of the run in RUN_DIR were answered, visit by visit.

    Without --prompt, the prompts whose pseudo-label went from right to wrong come first, then from wrong to right, then
    those that changed most often, then those with the weakest majority. RUN_DIR is trainer.default_local_dir.
    """
    from ttrl_verl.record.read import open_run
    from ttrl_verl.record.visits import prompt_index, prompt_stories, visits_of

    run = open_run(run_dir)
    if prompt is not None:
        visits = visits_of(run, prompt_index(run, prompt))
        if as_json:
            _print_json(visits)
        else:
            _print_visits(visits)
        return
    stories = prompt_stories(run)
    if as_json:
        _print_json([asdict(story) for story in stories])
    else:
        _print_stories(stories if everything else stories[:_SHOWN], len(stories))
        _print_information(run)


def _print_json(rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        click.echo(json.dumps(row, ensure_ascii=False))


def _print_stories(stories: Sequence["PromptStory"], total: int) -> None:
    table = _table("prompt", "where", "visits", "pseudo-label", "majority ratio", "flips", "right")
    for story in stories:
        table.add_row(
            str(story.index),
            one_line(Path(story.origin or "").name, _WIDEST, end=True),
            str(story.visits),
            f"{_answer(story.label_first)} → {_answer(story.label_last)}",
            f"{story.ratio_first:.2f} → {story.ratio_last:.2f}",
            str(story.flips),
            f"{_verdict(story.right_first)} → {_verdict(story.right_last)}",
        )
    _print(table)
    if len(stories) < total:
        click.echo(f"{len(stories)} of {total} prompts; --all shows every one, --prompt ID tells one's story")


def _print_information(run: "Run") -> None:
    from ttrl_verl.record.visits import informed

    told = [(when, found) for when, found in zip(("first", "last"), informed(run), strict=True) if not found.blind]
    if told:
        parts = [f"{found.nats:.3f} nats (z {found.z:.0f}) over {when} visits" for when, found in told]
        click.echo(f"answer information, which is 0 by chance: {', '.join(parts)}")


def _print_visits(visits: Sequence[dict[str, Any]]) -> None:
    last = visits[-1]
    click.echo(f"prompt {last['index']}, {one_line(last['origin'] or '', 200)}")
    click.echo(one_line(last["question"] or "", 2000))
    if last["label"] is not None:
        click.echo(f"its label, which no reward saw: {one_line(last['label'], 200)}")
    table = _table("step", "pseudo-label", "right", "majority ratio", "answers", "no answer", "truncated", "kept")
    for visit in visits:
        counts = [f"{_answer(answer)} ×{count}" for answer, count in visit["counts"].items()]
        more = [f"and {len(counts) - _ANSWERS} others"] if len(counts) > _ANSWERS else []
        table.add_row(
            str(visit["step"]),
            _answer(visit["pseudo_label"]),
            _verdict(visit["label_correct"]),
            f"{visit['majority_ratio']:.2f}",
            ", ".join(counts[:_ANSWERS] + more),
            str(visit["unparsed"]),
            str(visit["truncated"]),
            f"{visit['kept']} of {len(visit['answers'])}",
        )
    _print(table)


def _table(*columns: str) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _print(table: "Table") -> None:
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=400)  # piped, each row is one line whatever its length
    console.print(table, markup=False, highlight=False)


def _answer(answer: str | None) -> str:
    return "–" if answer is None else one_line(answer, _WIDEST)


def _verdict(right: bool | None) -> str:
    return {None: "?", True: "yes", False: "no"}[right]
