"""Each command and each figure of docs/ is right: composed, run, or compared with what it stands for."""

import importlib
import importlib.metadata
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ttrl_verl import __version__
from ttrl_verl.cli import cli
from ttrl_verl.composition.catalogue import part_groups
from ttrl_verl.composition.overrides import SHORT_NAMES
from ttrl_verl.composition.recipe import compose_run
from ttrl_verl.preflight.batches import problems, run_numbers
from ttrl_verl.preflight.disk import written
from ttrl_verl.preflight.findings import config_findings, refuse
from ttrl_verl.preflight.host import host
from ttrl_verl.preflight.memory import GB, memory_of
from ttrl_verl.preflight.model import shape_of
from ttrl_verl.reward_fns import REWARD_FNS

DOCS = Path(__file__).parent.parent / "docs"
PAGES = [
    DOCS / f"{name}.md"
    for name in ("answer", "extend", "methods", "recipes", "scale", "transductive", "vision", "votes")
]
COMMANDS = [
    pytest.param(line, id=f"{page.stem}: {line[:60]}")
    for page in PAGES
    for kind, block in re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
    if not kind
]


@pytest.mark.slow
@pytest.mark.parametrize("line", COMMANDS)
def test_its_recipe_composes(line, tmp_path, monkeypatch):
    # The files that docs/extend.md has its reader write, where its reader stands.
    code = re.findall(r"^```python\n(.*?)^```", (DOCS / "extend.md").read_text(), re.DOTALL | re.MULTILINE)
    for name, text in zip(("mine", "kinds", "checks"), code[::2], strict=True):
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "groups.jsonl").write_text('{"responses": ["so 4", "so 5"]}\n')
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line.replace("/home/me", str(tmp_path)))
    while re.match(r"[A-Z_]+=", words[0]):
        del words[0]  # a variable of the environment
    if words[:2] == ["ttrl-verl", "score"]:
        assert CliRunner().invoke(cli, words[1:]).exit_code == 0
        return
    if words[0] == "pip":
        return  # test_the_installation_names_verls_pins
    if words[0] == "ray":
        if "--" not in words:
            return
        words = words[words.index("--") + 1 :]
    if words[:2] in [
        ["ttrl-verl", verb] for verb in ("recipes", "prepare", "demo", "answer", "vote", "report", "export")
    ]:
        # Parsed to the end, where a help text waits: that such a command and its options exist.
        options = [word for word in words[2:] if word.startswith("--")]
        arguments = [*words[1:3], "--help"] if words[1] == "prepare" else [words[1], "--help"]
        said = CliRunner().invoke(cli, arguments)
        assert said.exit_code == 0
        assert all(option in said.output for option in options)
        return
    if words[:3] == ["python", "-m", "verl.trainer.main_ppo"]:
        recipe, *arguments = [word.removeprefix("--config-name=") for word in words[3:]]
        assert not {word.partition("=")[0] for word in arguments} & (set(SHORT_NAMES) - {"model"})  # verl has no others
    else:
        assert words[0] == "ttrl-verl"
        assert words[1] in ("train", "show", "check")
        recipe, *arguments = words[2:]
    composed = compose_run(recipe, [word for word in arguments if "=" in word and not word.startswith("--")])
    refuse(config_findings(composed))


def test_the_reference_has_each_reward_and_names_what_is_there():
    named = re.findall(r"^::: ([\w.]+)$", (DOCS / "reference.md").read_text(), re.MULTILINE)
    for reward in REWARD_FNS.values():
        assert f"{reward.fn.__module__}.{reward.fn.__name__}" in named
    for path in named:
        module, _, name = path.rpartition(".")
        assert getattr(importlib.import_module(module), name).__doc__


def test_the_site_leads_to_each_page():
    nav = (DOCS.parent / "mkdocs.yml").read_text()
    for page in DOCS.rglob("*.md"):
        assert f"docs/{page.relative_to(DOCS)}\n" in nav


SAMPLES = sorted((DOCS / "samples").glob("*.html"))


@pytest.mark.parametrize("page", SAMPLES, ids=[page.stem for page in SAMPLES])
def test_a_sample_is_a_report_as_reports_are_written_today(page):
    text, templates = page.read_text(), DOCS.parent / "ttrl_verl" / "report" / "templates"
    assert (templates / "style.css").read_text().strip() in text
    head = (templates / "page.html.j2").read_text().partition("<!doctype html>")[2].partition("<title>")[0]
    assert head in text
    known = set(re.findall(r'<h2 id="(\w+)">', (templates / "page.html.j2").read_text()))
    shown = re.findall(r'<h2 id="(\w+)">', text)
    assert {"accuracy", "training", "labels", "checkpoints", "how"} <= set(shown) <= known
    assert re.search(r'<p class="outcome">(Learnt|Sharpened|Collapsed|Nothing learnt): ', text)
    assert f"Written by ttrl-verl {__version__} " in text
    assert not re.search(r'(src|href)="(?!data:|#)', text)
    assert page.stat().st_size < 300_000
    assert f"({page.name})" in (page.parent / "README.md").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("command", [("start",), ("job", "submit"), ("status",)])
def test_rays_options_are_its_own(command):
    printed = subprocess.run(
        [str(Path(sys.executable).parent / "ray"), *command, "--help"], capture_output=True, text=True, check=True
    ).stdout
    lines = [shlex.split(p.values[0]) for p in COMMANDS if p.values[0].startswith(f"ray {' '.join(command)}")]
    for words in lines:
        for option in words[: words.index("--") if "--" in words else None]:
            if option.startswith("--"):
                assert f"{option.partition('=')[0]} " in printed or f"{option.partition('=')[0]}\n" in printed


def test_the_installation_names_verls_pins():
    """verl asks for these very versions, in the extras that our own extra ``gpu`` names."""
    try:
        asked = {line.partition(";")[0].strip() for line in importlib.metadata.requires("verl")}
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("verl is not installed")
    lines = [shlex.split(p.values[0]) for p in COMMANDS if p.values[0].startswith("pip install")]
    pinned = [word for words in lines for word in words if "==" in word]
    assert [word.partition("==")[0] for word in pinned] == ["torch", "torchvision", "torchaudio", "flash-attn"]
    assert set(pinned) <= asked
    assert lines[-1][-1] == ".[gpu]"


@pytest.mark.slow
def test_the_recipe_of_ones_own_composes(tmp_path):
    (block,) = re.findall(r"^```yaml\n(.*?)^```", (DOCS / "recipes.md").read_text(), re.DOTALL | re.MULTILINE)
    own = tmp_path / "mine.yaml"
    own.write_text(block)
    composed = compose_run(str(own))
    assert (composed.config.ttrl.votes, composed.parts["hardware"]) == (16, "4x80gb")
    assert list(problems(run_numbers(composed.values))) == []


def test_every_group_of_parts_is_explained():
    page = (DOCS / "recipes.md").read_text()
    explained = dict(re.findall(r"^\| `([a-z_]+)` \| (.+) \|$", page, re.MULTILINE))
    assert set(explained) == set(part_groups())
    for group, cells in explained.items():
        for option in re.findall(r"`([\w.-]+)`", cells.rpartition("|")[2]):
            assert option in part_groups()[group]


ROWS = re.findall(r"^\| `([\w.-]+)` \| `(\w+)` \| (.+) \|$", (DOCS / "scale.md").read_text(), re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize(("model", "hardware", "cells"), ROWS)
def test_the_sizes_are_the_estimates(model, hardware, cells):
    composed = compose_run("ttrl_aime24", [f"model={model}", f"hardware={hardware}"])
    numbers = run_numbers(composed.values)
    needed = memory_of(composed)
    shape, values = shape_of(composed), composed.values
    gpus, tensor_parallel, training, rollout, responses, own, disk = (cell.strip() for cell in cells.split("|"))
    assert int(gpus) == numbers.gpus
    assert int(tensor_parallel) == numbers.tensor_parallel
    assert training == f"{needed.training:.0f}{'' if needed.training <= 80 else ', too much'}"
    assert rollout == f"{needed.rollout:.0f}{'' if needed.rollout <= 80 else ', too much'}"
    assert int(responses) == needed.kv_responses
    assert int(own) == round(host(shape, values).total / GB)
    assert disk == f"{written(shape, values, questions=30, validated=30).total / GB:,.0f}"


def test_the_table_of_sizes_has_its_rows():
    assert len(ROWS) == 5


def test_the_table_of_information_is_what_its_script_prints(monkeypatch, capsys):
    script = DOCS.parent / "benchmarks" / "information_gain.py"
    monkeypatch.setattr(sys, "argv", [str(script)])
    runpy.run_path(str(script), run_name="__main__")
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) >= 10
    for line in printed:
        page = script.with_suffix(".md") if line.startswith("|") else script.with_name("README.md")
        assert line in page.read_text()
