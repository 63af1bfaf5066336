"""``ttrl-verl eval``: measure a model on questions, through verl's and vLLM's own path, or read a dump back."""

import json
import re
from pathlib import Path
from typing import Any

import click

from ttrl_verl.reward_fns.answers import ANSWER_TYPE_NAMES

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
def command(**options: Any) -> int:
    """Measure MODEL, a hub id or a folder: avg@n, pass@k, maj@n and greedy, with standard errors.

    It is one validation pass of a recipe, by verl's own trainer; nothing is trained. The figures go to DIR/eval.json.
    """
    from ttrl_verl.errors import InputError

    options["ks"] = _ks(options["ks"])
    if options["dump"] is not None:
        wrong = next(
            (key for key in ("model", "data", "heldout", "match", "n", "baseline_votes") if options[key]), None
        )
        if wrong is not None or options["overrides"]:
            raise InputError(
                f"--from reads what was measured; it goes without {(wrong or 'KEY=VALUE').replace('_', '-')}"
            )
        return _read(options)
    if options["model"] is None or options["data"] is None:
        raise InputError("expected MODEL and --data FILE, or --from FILE (`ttrl-verl eval --help` has examples)")
    if sum(options[key] is not None for key in ("n", "match", "baseline_votes")) > 1:
        raise InputError("--n, --match and --baseline-votes each say how many responses to draw; expected one of them")
    return _run(options)


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


def _read(options: dict[str, Any]) -> int:
    from ttrl_verl.evaluation.eval_json import EvalResult
    from ttrl_verl.evaluation.evaluate import evaluate

    answer_type = _answer_type(options)
    results = evaluate(options["dump"], answer_type, options["ks"])
    report = EvalResult(None, options["dump"], None, answer_type.name, results)
    if options["out"] is not None:
        report.write(options["out"])
    _say(report, options["as_json"])
    return 0


def _answer_type(options: dict[str, Any]) -> Any:
    """Return the answer type of a dump: as given, as its run's folder says, as the recipe says, or math."""
    from ttrl_verl.cli.answer_type import parse_answer_type
    from ttrl_verl.composition.recipe import compose_recipe, plain
    from ttrl_verl.config import parse_ttrl_config
    from ttrl_verl.record.layout import MANIFEST
    from ttrl_verl.record.read import open_run

    run = options["dump"].absolute().parent.parent
    if options["answer_type"] is None and options["choices"] is None:
        if options["recipe"] is not None:
            return parse_ttrl_config(plain(compose_recipe(options["recipe"]))["ttrl"]).build_answer_type()
        if (run / MANIFEST).is_file():
            return open_run(run).answer_type()
    return parse_answer_type(options["answer_type"] or ("choice" if options["choices"] else "math"), options["choices"])


def _run(options: dict[str, Any]) -> int:
    import shlex
    from datetime import datetime

    from rich.console import Console

    from ttrl_verl.errors import InputError
    from ttrl_verl.evaluation.eval_json import EvalResult
    from ttrl_verl.evaluation.evaluate import evaluate
    from ttrl_verl.launch import log_tail, run, train_command

    out = options["out"] or Path("runs") / f"eval-{datetime.now():%Y%m%d-%H%M%S}"
    dump = out / "validation" / "0.jsonl"
    if dump.exists():
        raise InputError(f"{out}: holds an evaluation already; expected a new folder (--out)")
    recipe, settings, ttrl, roles, matched, n = _settings(options, out)
    line = train_command(recipe, settings)
    if options["dry_run"]:
        click.echo(shlex.join(line))
        return 0
    console = Console(stderr=options["as_json"], soft_wrap=True, highlight=False)
    out.mkdir(parents=True, exist_ok=True)
    log = out / "eval.log"
    console.print(f"{n} responses a question, with verl and vLLM; their own output goes to {log}", markup=False)
    with log.open("ab") as file:
        status = run(line, log=file)
    if status != 0:
        console.print(f"verl stopped with exit status {status}; from {log}:\n{log_tail(log)}", markup=False)
        return 1
    answer_type = ttrl.build_answer_type()
    after = _after(options["match"], answer_type, options["ks"])
    results = evaluate(dump, answer_type, options["ks"])
    report = EvalResult(options["model"], dump, line, answer_type.name, results, roles, matched, after)
    path = report.write(out)
    _say(report, options["as_json"])
    console.print(f"figures: {path}", markup=False)
    return 0


def _settings(options: dict[str, Any], out: Path) -> tuple:
    """Check everything that can be checked before a run, and return its settings."""
    from ttrl_verl.composition.recipe import compose_recipe
    from ttrl_verl.evaluation.evaluate import check_ks
    from ttrl_verl.evaluation.run import check_model, check_questions, eval_overrides, matched
    from ttrl_verl.preflight.settings import check_config, check_data
    from ttrl_verl.record.read import open_run

    spent = None if options["match"] is None else matched(open_run(options["match"]))
    n = spent.n if spent else options["baseline_votes"] or options["n"] or 16
    check_ks(options["ks"] or (), n)
    recipe = options["recipe"] or "ttrl"
    settings = eval_overrides(
        recipe,
        model=check_model(options["model"]),
        data=options["data"],
        heldout=options["heldout"],
        out=out,
        n=n,
        greedy=options["greedy"],
        answer_type=_chosen_type(options),
        overrides=options["overrides"],
    )
    config = compose_recipe(recipe, settings)
    ttrl = check_config(config)
    roles = check_questions(options["data"], options["heldout"], ttrl.layout(config.data.prompt_key))
    check_data(config, ttrl)
    return recipe, settings, ttrl, roles, spent, config.actor_rollout_ref.rollout.val_kwargs.n


def _chosen_type(options: dict[str, Any]) -> dict[str, Any]:
    from ttrl_verl.cli.answer_type import parse_answer_type, parse_choices

    if options["answer_type"] is None and options["choices"] is None:
        return {}
    name = options["answer_type"] or "choice"
    parse_answer_type(name, options["choices"])
    choices = {} if options["choices"] is None else {"choices": parse_choices(options["choices"])}
    return {"answer_type": name, **choices}


def _after(match: Path | None, answer_type: Any, ks: list[int] | None) -> tuple | None:
    """Return the last validation of the run that is matched: what training made of the same questions."""
    from ttrl_verl.errors import InputError
    from ttrl_verl.evaluation.evaluate import evaluate
    from ttrl_verl.record.read import open_run

    if match is None:
        return None
    validations = open_run(match).validations()
    step = max(validations, default=0)
    if step == 0:
        return None
    try:
        return step, evaluate(validations[step], answer_type, ks)
    except InputError:
        return step, evaluate(validations[step], answer_type)  # fewer responses than k: by the default k


def _say(report: Any, as_json: bool) -> None:
    from rich.console import Console

    if as_json:
        click.echo(json.dumps(report.as_json(), allow_nan=False))
        return
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)  # in a file, the table's rows are lines
    console.print(report.table())
    for note in report.notes():
        console.print(note, highlight=False, soft_wrap=True, markup=False)
