"""`ttrl-verl vote`: one validation pass of a model, its votes as a file, and what they say without a label."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

from rich.console import Console

from ttrl_verl.answering.out import RUN, check_out
from ttrl_verl.answering.votes import of_validation, whole_validation
from ttrl_verl.composition.recipe import Composed, compose_run
from ttrl_verl.errors import InputError
from ttrl_verl.evaluation.run import check_model, eval_overrides
from ttrl_verl.files import sha256
from ttrl_verl.launch import start_logged
from ttrl_verl.preflight.data import QuestionFiles
from ttrl_verl.preflight.findings import findings, refuse
from ttrl_verl.preflight.model import model_folder
from ttrl_verl.record.folder import look
from ttrl_verl.record.layout import MANIFEST
from ttrl_verl.record.read import open_run
from ttrl_verl.record.votes_file import QuestionVotes, Source, write_votes
from ttrl_verl.reward_fns.information import answer_information

_SAMPLING = "actor_rollout_ref.rollout.val_kwargs"
_SECTION = ("answer_type", "choices", "last_number", "truncated", "system_prompt", "prompt_suffix")
_SETTINGS = (
    *(f"{_SAMPLING}.{key}" for key in ("n", "temperature", "top_p", "top_k")),
    *(f"ttrl.{key}" for key in _SECTION),
    "data.max_response_length",
)
"""What decides the votes, beside model and questions."""

_DUMP = Path("validation", "0.jsonl")
_ENDS = 1 << 20

WORTH = 4.0
"""From this z of the answer information on, the votes know which question was asked."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for.

    Attributes:
        questions: the file; it needs no label.
        model: a folder or a hub id.
        out: ``VOTES.parquet``; the run's folder stands beside it.
        n: votes a question.
        recipe: whose settings to sample with.
        answer_type: ``answer_type`` and ``choices``, where they differ from the recipe's.
        overrides: of the recipe, as they were typed.
    """

    questions: Path
    model: str
    out: Path
    n: int = 16
    recipe: str = "ttrl"
    answer_type: Mapping[str, Any] = field(default_factory=dict)
    overrides: Sequence[str] = ()

    @property
    def folder(self) -> Path:
        """The run's folder: verl's output and the responses themselves."""
        return self.out.with_suffix(RUN)


def plan(wanted: Wanted) -> Composed:
    """Return the validation pass that votes.

    Raises:
        InputError: the file of votes, the model, the recipe or a setting is not what is expected.
    """
    if wanted.out.suffix != ".parquet":
        raise InputError(f"{wanted.out}: expected a name that ends in .parquet (--out)")
    check_out(wanted.out)
    settings = eval_overrides(
        wanted.recipe,
        model=check_model(wanted.model),
        data=wanted.questions,
        heldout=None,
        out=wanted.folder,
        n=wanted.n,
        greedy=False,
        answer_type=dict(wanted.answer_type),
        overrides=wanted.overrides,
    )
    return compose_run(wanted.recipe, settings)


def vote(wanted: Wanted, console: Console) -> int:
    """Write a model's votes and return the exit status. Votes that are there whole are not drawn again.

    Args:
        wanted: what is asked for.
        console: told what happens, and what the votes say.

    Raises:
        InputError: something is not what was expected; nothing was started.
    """
    composed = plan(wanted)
    files = QuestionFiles(composed)
    origins = files.table(files.train[0]).column("origin").to_pylist()
    found = votes_there(wanted.folder, composed, origins)
    if found is None:
        n = _at(composed.values, f"{_SAMPLING}.n")  # the overrides come last and win
        refuse(findings(composed, files, ask_hub=True))
        wanted.folder.mkdir(parents=True, exist_ok=True)
        log = wanted.folder / "vote.log"
        console.print(f"{n} votes a question, with verl and vLLM; their own output goes to {log}", markup=False)
        if start_logged(composed, log, console).status != 0:
            return 1
        found = of_validation(wanted.folder / _DUMP)
    if missing := [origin for origin in origins if origin not in found]:
        raise InputError(f"{missing[0]}: was not answered; {wanted.folder}/vote.log says more")
    votes = [found[origin] for origin in origins]
    write_votes(wanted.out, votes, source_of(composed, wanted.questions, wanted.model))
    for sentence in (f"votes: {wanted.out}", *what_votes_say(votes)):
        console.print(sentence, highlight=False, soft_wrap=True, markup=False)
    return 0


def votes_there(folder: Path, composed: Composed, asked: Iterable[str]) -> dict[str, QuestionVotes] | None:
    """Return the votes of a folder whose run was over when its command was killed.

    Args:
        folder: the run's.
        composed: the run that would vote.
        asked: the questions' origins.

    Returns:
        ``None`` where some are missing, or where they are another model's, on other questions or sampled otherwise.
    """
    if not (folder / MANIFEST).is_file():
        return None
    then, now = open_run(folder), composed.values
    if any(then.setting(key) != _at(now, key) for key in (*_SETTINGS, "actor_rollout_ref.model.path")):
        return None
    if then.setting("data.train_files") != now["data"]["train_files"] or look(folder, now, count=False).changed:
        return None
    return whole_validation(folder / _DUMP, asked, _at(now, f"{_SAMPLING}.n"))


def _at(values: Mapping[str, Any], key: str) -> Any:
    return reduce(getitem, key.split("."), values)


def source_of(composed: Composed, questions: Path, model: str) -> Source:
    """Return what votes of this run are of."""
    settings = {key.rpartition(".")[2]: _at(composed.values, key) for key in _SETTINGS}
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
