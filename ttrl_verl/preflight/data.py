"""The question files of a run, each read once: rows, labels, suffixes, images, and prompts that fit."""

import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from ttrl_verl.composition.catalogue import prepare_command
from ttrl_verl.composition.recipe import Composed
from ttrl_verl.config import TTRLConfig
from ttrl_verl.errors import InputError
from ttrl_verl.preflight import APPENDED, Finding
from ttrl_verl.preflight.model import load_processor, load_tokenizer, model_folder
from ttrl_verl.questions.read import as_list, has_examples, read_questions
from ttrl_verl.record.prior import load_prior

if TYPE_CHECKING:
    from collections.abc import Mapping


class QuestionFiles:
    """The training and validation files of a run. Each is read when it is first asked for, and no second time.

    Args:
        composed: the run.

    Attributes:
        train, val: the files' names, as the run has them.
    """

    def __init__(self, composed: Composed) -> None:
        data = composed.values["data"]
        self.train, self.val = as_list(data["train_files"]), as_list(data["val_files"])
        self._layouts = {
            training: composed.ttrl.layout(data["prompt_key"], data["image_key"], training=training)
            for training in (True, False)
        }
        self._read: dict[str, pa.Table | InputError] = {}

    @property
    def names(self) -> list[str]:
        """The files, each once: those to train on first."""
        return list(dict.fromkeys([*self.train, *self.val]))

    def table(self, name: str) -> pa.Table:
        """Return the questions of a file.

        Raises:
            InputError: as ``questions.read.read_questions``.
        """
        if name not in self._read:
            try:
                self._read[name] = read_questions(os.path.expanduser(name), self._layouts[name in self.train])
            except InputError as error:
                self._read[name] = error
        found = self._read[name]
        if isinstance(found, InputError):
            raise found
        return found

    @cached_property
    def tables(self) -> "Mapping[str, pa.Table]":
        """The questions of every file that can be read, by name."""
        found = {}
        for name in self.names:
            try:
                found[name] = self.table(name)
            except InputError:
                continue
        return found

    @property
    def questions(self) -> int | None:
        """How many questions there are to train on; ``None`` where a file cannot be read."""
        if not self.train or any(name not in self.tables for name in self.train):
            return None
        return sum(self.tables[name].num_rows for name in self.train)

    @property
    def validated(self) -> int:
        """How many questions there are to validate on, of those that can be read."""
        return sum(self.tables[name].num_rows for name in self.val if name in self.tables)


def check_files(composed: Composed, files: QuestionFiles) -> Iterator[Finding]:
    """Yield whether the question files can be read, and what labels they have."""
    if not files.train:
        yield Finding("note", "data", "data.train_files is not set; add data=FILE", to_do=True)
        return
    how = prepare_command(composed.recipe)
    for name in files.names:
        if how and not Path(name).expanduser().exists():
            yield Finding("note", "data", f"{name}: no such file; `{how}` writes it", to_do=True)
            continue
        try:
            table = files.table(name)
            check_suffix(table, composed.ttrl.prompt_suffix)
        except InputError as error:
            yield Finding("wrong", "data", str(error))
            continue
        labelled = table.num_rows - table.column("label").null_count
        yield Finding("ok", "data", f"{name}: {table.num_rows} questions, {labelled} of them with a label")
        yield from _appended(name, table, composed.ttrl)
    yield from _labels(composed, files)


def check_prior(composed: Composed) -> Iterator[Finding]:
    """Yield whether the votes of ``ttrl.prior`` are on the questions of this run."""
    if composed.ttrl.prior is None:
        return
    try:
        prior = load_prior(composed.ttrl, composed.values["data"]["train_files"])
    except InputError as error:
        yield Finding("wrong", "prior", str(error))
    else:
        yield Finding("ok", "prior", f"{composed.ttrl.prior}: {prior.said}")


def _labels(composed: Composed, files: QuestionFiles) -> Iterator[Finding]:
    """Yield whether labels are there where something looks at them: validation, or a reward that trains on them."""
    trainer, reward = composed.values["trainer"], composed.values["reward"]["reward_manager"]["name"]
    for bound, _ in composed.ttrl.build_rewards(reward):
        for name in files.train if "label" in bound.reward.fields else ():
            if name in files.tables and (bare := _unlabelled(files.tables[name])) is not None:
                said = f"{bare}: has no label; the reward {bound.name} needs one on every row"
                yield Finding("wrong", "labels", said)
    if trainer["test_freq"] > 0 or trainer["val_before_train"]:
        for name in files.val:
            table = files.tables.get(name)
            if table is not None and table.column("label").null_count == table.num_rows:
                said = f"{name}: has no label: validation has no accuracy (ttrl.label_key)"
                yield Finding("warn", "labels", said)


def _unlabelled(table: pa.Table) -> str | None:
    bare = table.filter(pc.is_null(table.column("label")))
    return bare.column("origin")[0].as_py() if bare.num_rows else None


def _appended(name: str, table: pa.Table, ttrl: TTRLConfig) -> Iterator[Finding]:
    """Yield what is appended to the questions of a file, and to how many."""
    if not ttrl.prompt_suffix:
        return
    prompts = table.column("prompt").to_pylist() if ttrl.suffix_to == "without_examples" else []
    left = sum(map(has_examples, prompts))
    said = (
        f"{name}: {ttrl.prompt_suffix.strip()!r} is appended to {table.num_rows - left} of {table.num_rows} questions"
    )
    if left:
        chats = "is a chat" if left == 1 else "are chats"
        said += f"; {left} {chats} with examples, left alone (ttrl.suffix_to=all appends to them, too)"
    yield Finding("ok", APPENDED, said)


def check_suffix(table: pa.Table, suffix: str | None) -> None:
    """Check that the file's questions do not end with ``ttrl.prompt_suffix`` already: `prepare --suffix` writes it too.

    Raises:
        InputError: the first one does.
    """
    last = table.column("prompt")[0].as_py()[-1]["content"]
    if suffix and isinstance(last, str) and last.endswith(suffix * 2):
        raise InputError(
            f"{table.column('origin')[0]}: the prompt ends with the suffix already; ttrl.prompt_suffix=null leaves it"
        )


def check_prompts(composed: Composed, files: QuestionFiles, *, ask_hub: bool) -> Iterator[Finding]:
    """Yield whether images open, whether the model takes them, and whether prompts fit.

    Args:
        composed: the run.
        files: its questions.
        ask_hub: whether a tokenizer that is not on this machine is fetched, as the run would fetch it.
    """
    if not files.tables:
        return
    # Pillow, for questions alone.
    from ttrl_verl.questions.prompt_lengths import check_images

    for table in files.tables.values():
        try:
            check_images(table)
        except InputError as error:
            yield Finding("wrong", "images", str(error))
    model = composed.values["actor_rollout_ref"]["model"]
    name = model["tokenizer_path"] or model["path"]
    if name is None:
        return  # check_model says so
    if not ask_hub and model_folder(name) is None:
        yield Finding("note", "prompts", f"{name} is not on this machine yet; prompts were not measured")
        return
    try:
        yield from _lengths(composed, files)
    except InputError as error:
        yield Finding("wrong", "prompts", str(error))


def _lengths(composed: Composed, files: QuestionFiles) -> Iterator[Finding]:
    """Yield that every prompt fits, or raise for the first that does not."""
    from ttrl_verl.questions import prompt_lengths

    data, model = composed.values["data"], composed.values["actor_rollout_ref"]["model"]
    tables = files.tables.values()
    seen = any(table.column("images").null_count < table.num_rows for table in tables)
    processor = load_processor(model) if seen else None
    if data["filter_overlong_prompts"]:
        return
    tokenizer, most = load_tokenizer(model), data["max_prompt_length"]
    template, settings = data["apply_chat_template_kwargs"], data["mm_processor_kwargs"]
    found = [
        prompt_lengths.check_prompts(table, tokenizer, processor, most, processor_settings=settings, **template)
        for table in tables
    ]
    costs = [cost for cost in found if cost is not None]
    of_images = ""
    if costs:
        fewest, dearest = min(cost.fewest for cost in costs), max(cost.most for cost in costs)
        longest = max(cost.longest for cost in costs)
        of_images = f"; the images of a prompt take {fewest:,} to {dearest:,}, and the longest of these has {longest:,}"
    yield Finding("ok", "prompts", f"all fit in data.max_prompt_length, {most} tokens{of_images}")
