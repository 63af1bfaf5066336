"""`ttrl-verl vote`: one validation pass of a model, its votes as a file, and what they say without a label."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from ttrl_verl.answering.votes import of_validation
from ttrl_verl.composition.recipe import Composed, compose_run
from ttrl_verl.errors import InputError
from ttrl_verl.evaluation.run import check_model, eval_overrides
from ttrl_verl.files import sha256
from ttrl_verl.launch import start_logged
from ttrl_verl.preflight.data import QuestionFiles
from ttrl_verl.preflight.findings import findings, refuse
from ttrl_verl.preflight.model import model_folder
from ttrl_verl.record.votes_file import QuestionVotes, Source, write_votes
from ttrl_verl.reward_fns.information import answer_information

_SAMPLING = ("n", "temperature", "top_p", "top_k")
_SECTION = ("answer_type", "choices", "last_number", "truncated", "system_prompt", "prompt_suffix")
_ENDS = 1 << 20

WORTH = 4.0
"""From this z of the answer information on, the votes know which question was asked."""


def vote(
    questions: Path,
    model: str,
    out: Path,
    *,
    n: int,
    recipe: str,
    answer_type: Mapping[str, Any],
    overrides: Sequence[str],
    console: Console,
) -> int:
    """Write a model's votes and return the exit status.

    Args:
        questions: the file; it needs no label.
        model: a folder or a hub id.
        out: ``VOTES.parquet``.
        n: votes a question.
        recipe: whose settings to sample with.
        answer_type: ``answer_type`` and ``choices``, where they differ from the recipe's.
        overrides: of the recipe, as they were typed.
        console: told what happens, and what the votes say.

    Raises:
        InputError: something is not what was expected; nothing was started.
    """
    if out.suffix != ".parquet":
        raise InputError(f"{out}: expected a name that ends in .parquet (--out)")
    if out.exists():
        raise InputError(f"{out}: is there already; expected a new file (--out)")
    folder = out.with_suffix(".run")
    settings = eval_overrides(
        recipe,
        model=check_model(model),
        data=questions,
        heldout=None,
        out=folder,
        n=n,
        greedy=False,
        answer_type=dict(answer_type),
        overrides=overrides,
    )
    composed = compose_run(recipe, settings)
    files = QuestionFiles(composed)
    dump = folder / "validation" / "0.jsonl"
    if not dump.exists():
        refuse(findings(composed, files, ask_hub=True))
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / "vote.log"
        console.print(f"{n} votes a question, with verl and vLLM; their own output goes to {log}", markup=False)
        if start_logged(composed, log, console).status != 0:
            return 1
    found = of_validation(dump)
    origins = files.table(files.train[0]).column("origin").to_pylist()
    if missing := [origin for origin in origins if origin not in found]:
        raise InputError(f"{missing[0]}: was not answered; {folder}/vote.log says more")
    votes = [found[origin] for origin in origins]
    write_votes(out, votes, source_of(composed, questions, model))
    for sentence in (f"votes: {out}", *what_votes_say(votes)):
        console.print(sentence, highlight=False, soft_wrap=True, markup=False)
    return 0


def source_of(composed: Composed, questions: Path, model: str) -> Source:
    """Return what votes of this run are of."""
    values = composed.values
    sampling = values["actor_rollout_ref"]["rollout"]["val_kwargs"]
    settings = {key: sampling[key] for key in _SAMPLING} | {key: values["ttrl"][key] for key in _SECTION}
    settings["max_response_length"] = values["data"]["max_response_length"]
    folder = model_folder(model)
    return Source(model, folder and model_digest(folder), str(questions), sha256(questions), settings)


def model_digest(folder: Path) -> str:
    """Return a digest of a model's folder: of each file its name, its size, its first and its last megabyte.

    Weights are gigabytes, and training changes every part of them: their ends tell two models apart.
    """
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        size = file.stat().st_size
        digest.update(f"{file.relative_to(folder)}\0{size}\0".encode(errors="surrogateescape"))
        with file.open("rb") as opened:
            digest.update(opened.read(_ENDS))
            if size > _ENDS:
                opened.seek(max(_ENDS, size - _ENDS))
                digest.update(opened.read())
    return digest.hexdigest()


def what_votes_say(votes: Sequence[QuestionVotes]) -> list[str]:
    """Return in two sentences what votes tell without a label.

    Args:
        votes: of at least one question.

    Example:
        >>> same = [QuestionVotes(f"q:{n}", ("fish",) * 4, "q") for n in range(3)]
        >>> what_votes_say(same)[1]
        'Worth adapting? Nothing can be told: one answer to everything, or answers that are all different.'
    """
    ratio = sum(one.majority_ratio for one in votes) / len(votes)
    unparsed = sum(one.answers.count(None) for one in votes) / max(1, sum(len(one.answers) for one in votes))
    information = answer_information([one.answers for one in votes])
    said = [
        f"{len(votes)} questions: mean majority ratio {ratio:.3f}, responses without an answer {unparsed:.3f}, answer "
        f"information {information.nats:.3f} nats (z {information.z:.1f})."
    ]
    if information.blind:
        said.append("Worth adapting? Nothing can be told: one answer to everything, or answers that are all different.")
    elif information.z < WORTH:
        said.append(
            "Worth adapting? No: the votes say next to nothing of the question, and it would teach one answer to all."
        )
    else:
        said.append("Worth adapting? Yes: the votes know which question was asked, so there is something to sharpen.")
    return said
