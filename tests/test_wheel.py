"""What is installed from a wheel: the recipes are in it, and it changes no version that verl pins."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
pytestmark = pytest.mark.slow

PINNED_BY_VERL = ("torch", "vllm", "transformers", "verl", "ray", "tensordict")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(REPOSITORY)]
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


def test_a_clean_environment_with_the_wheel_alone_lists_the_recipes(wheel, tmp_path):
    environment = tmp_path / "venv"
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(environment)], check=True)
    python = environment / "bin" / "python"
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", str(python), str(wheel)], check=True)
    done = subprocess.run([environment / "bin" / "ttrl-verl", "recipes"], capture_output=True, text=True, check=True)
    assert "demo_cpu" in done.stdout
    listed = subprocess.run([*uv, "pip", "list", "--python", str(python)], capture_output=True, text=True, check=True)
    assert not {line.split()[0] for line in listed.stdout.splitlines()} & set(PINNED_BY_VERL)


def test_the_wheel_asks_for_nothing_that_verl_pins(wheel):
    archive = zipfile.ZipFile(wheel)
    metadata = archive.read(next(n for n in archive.namelist() if n.endswith("METADATA"))).decode()
    needed = [line.split(": ")[1] for line in metadata.splitlines() if line.startswith("Requires-Dist")]
    always = [requirement for requirement in needed if "extra ==" not in requirement]
    assert always
    assert not [r for r in always if r.split(">")[0].split("=")[0].split("[")[0] in PINNED_BY_VERL]
