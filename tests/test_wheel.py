"""What is installed: one name at the top level, the recipes, found from any folder; no version that verl pins."""

import os
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
pytestmark = pytest.mark.slow

PINNED_BY_VERL = ("torch", "vllm", "transformers", "verl", "ray", "tensordict")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # By way of the source archive: what an earlier build left in this folder does not get in.
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_every_recipe_and_the_demos_questions(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for recipe in (REPOSITORY / "recipes").rglob("*.yaml"):
        assert f"ttrl_verl/recipes/{recipe.relative_to(REPOSITORY / 'recipes')}" in names
    for questions in (REPOSITORY / "ttrl_verl" / "demo").glob("*.jsonl"):
        assert f"ttrl_verl/demo/{questions.name}" in names
    for template in (REPOSITORY / "ttrl_verl" / "report" / "templates").iterdir():
        assert f"ttrl_verl/report/templates/{template.name}" in names
    assert "ttrl_verl/py.typed" in names


def test_the_wheel_has_one_name_at_the_top_level(wheel):
    top = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == {"ttrl_verl"}


def test_the_wheel_has_every_python_file_of_the_folders(wheel):
    installed = {name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".py")}
    assert {f"{package}/{file}" for package, file in _python_files()} == installed


def _python_files() -> Iterator[tuple[str, Path]]:
    """Yield each file of the packages: the package that its top folder is installed as, and its path below."""
    for folder, package in (
        ("ttrl_verl", "ttrl_verl"),
        ("reward_fns", "ttrl_verl/reward_fns"),
        ("recipes", "ttrl_verl/recipes"),
    ):
        for file in (REPOSITORY / folder).rglob("*.py"):
            yield package, file.relative_to(REPOSITORY / folder)


def test_a_clean_environment_with_the_wheel_alone_lists_the_recipes(wheel, tmp_path):
    environment = tmp_path / "venv"
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(environment)], check=True)
    python = environment / "bin" / "python"
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", str(python), str(wheel)], check=True)
    done = subprocess.run([environment / "bin" / "ttrl-verl", "recipes"], capture_output=True, text=True, check=True)
    assert "demo_cpu" in done.stdout
    # What the README shows first, and what it says that this prints.
    readme = (REPOSITORY / "README.md").read_text()
    example = next(line for line in readme.splitlines() if "| ttrl-verl score" in line)
    path = os.pathsep.join([str(environment / "bin"), os.environ["PATH"]])
    scored = subprocess.run(
        example, shell=True, cwd=tmp_path, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=True
    )
    assert scored.stdout.strip() in readme
    listed = subprocess.run([*uv, "pip", "list", "--python", str(python)], capture_output=True, text=True, check=True)
    assert not {line.split()[0] for line in listed.stdout.splitlines()} & set(PINNED_BY_VERL)


def test_the_wheel_asks_for_nothing_that_verl_pins(wheel):
    archive = zipfile.ZipFile(wheel)
    metadata = archive.read(next(n for n in archive.namelist() if n.endswith("METADATA"))).decode()
    needed = [line.split(": ")[1] for line in metadata.splitlines() if line.startswith("Requires-Dist")]
    always = [requirement for requirement in needed if "extra ==" not in requirement]
    assert always
    assert not [r for r in always if r.split(">")[0].split("=")[0].split("[")[0] in PINNED_BY_VERL]


@pytest.fixture(scope="module")
def installed_from_the_wheel(wheel, tmp_path_factory) -> Path:
    """An environment of its own with the wheel, beside the verl of this one."""
    environment = tmp_path_factory.mktemp("beside-verl") / "venv"
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(environment)], check=True)
    python = environment / "bin" / "python"
    subprocess.run([*uv, "pip", "install", "--quiet", "--no-deps", "--python", str(python), str(wheel)], check=True)
    (site_packages,) = environment.glob("lib/python*/site-packages")
    # Folders on the path, their own .pth files unread: the editable install of this environment is not among them.
    others = [folder for folder in sys.path if Path(folder).name == "site-packages"]
    (site_packages / "verl_of_the_tests.pth").write_text("\n".join(others) + "\n")
    return environment / "bin"


@pytest.fixture(params=["editable", "wheel"])
def bin_folder(request) -> Path:
    if request.param == "editable":
        return Path(sys.executable).parent
    return request.getfixturevalue("installed_from_the_wheel")


def _run(command: list[str], folder: Path, **env: str) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH" and not name.startswith("VERL_")}
    return subprocess.run(command, cwd=folder, env=kept | env, capture_output=True, text=True, timeout=300, check=False)


# As docs/recipes.md shows one: it names parts of ours beside a file of the user's.
MINE = """
defaults:
  - ppo_trainer
  - base/ttrl
  - platform/cpu
  - _self_
ttrl:
  votes: 7
"""


@pytest.mark.verl
def test_verls_own_command_finds_the_recipes_from_any_folder(bin_folder, tmp_path):
    verl = [str(bin_folder / "python"), "-m", "verl.trainer.main_ppo", "--config-name=demo_cpu", "--cfg", "job"]
    named = _run(verl, tmp_path, VERL_USE_EXTERNAL_PLUGINS="ttrl_verl")
    assert named.returncode == 0, named.stderr
    assert "answer_type: choice" in named.stdout


@pytest.mark.verl
def test_where_verl_loads_no_plugin_the_recipes_are_not_found(tmp_path):
    verl = [sys.executable, "-m", "verl.trainer.main_ppo", "--config-name=demo_cpu", "--cfg", "job"]
    off = _run(verl, tmp_path, VERL_USE_EXTERNAL_PLUGINS="none")
    assert "Cannot find primary config 'demo_cpu'" in off.stderr


@pytest.mark.verl
def test_a_recipe_of_ones_own_finds_the_parts_from_any_folder(bin_folder, tmp_path):
    (tmp_path / "mine.yaml").write_text(MINE)
    dry = _run([str(bin_folder / "ttrl-verl"), "train", "mine.yaml", "--dry-run"], tmp_path)
    assert dry.returncode == 0, dry.stderr
    assert "votes: 7" in dry.stdout
    # The very command that it would run; --cfg is Hydra's: print the configuration and stop.
    printed = shlex.split(dry.stdout.splitlines()[0].lstrip("# "))
    done = _run([*printed, "--cfg", "job"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "votes: 7" in done.stdout
    assert "device: cpu" in done.stdout
