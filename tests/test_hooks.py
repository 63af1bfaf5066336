"""Hooks into another package's modules: late, guarded, and patches on the tested version alone."""

import sys

import pytest

from ttrl_verl import hooks


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module that is not imported yet: two functions and a method."""
    lines = ["def one():", "    return 1", "def two():", "    return 2"]
    lines += ["class Engine:", "    def build(self):", "        return 3"]
    (tmp_path / "hooked.py").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "hooked"
    sys.modules.pop("hooked", None)


def installed(monkeypatch, **versions):
    monkeypatch.setattr(hooks, "_version", versions.get)


def negative(wrapped, instance, args, kwargs):
    return -wrapped(*args, **kwargs)


def test_a_hook_that_raises_is_logged_and_the_module_imports(module, caplog):
    hooks.when_imported(module, lambda found: found.renamed)
    import hooked

    assert hooked.one() == 1
    assert "ttrl-verl left hooked as it is" in caplog.text
    assert "has no attribute 'renamed'" in caplog.text


def test_a_module_of_ours_that_cannot_be_imported_is_logged(module, caplog):
    hooks.import_when_imported(module, "ttrl_verl.no_such_module")
    import hooked

    assert hooked.two() == 2
    assert "No module named 'ttrl_verl.no_such_module'" in caplog.text


@pytest.mark.parametrize("version", ["0.9.1", "0.9.1+cu129"])
def test_the_tested_version_is_patched(module, monkeypatch, version):
    installed(monkeypatch, verl=version)
    hooks.patch(module, {"one": negative, "Engine.build": negative})
    import hooked

    assert (hooked.one(), hooked.two(), hooked.Engine().build()) == (-1, 2, -3)


@pytest.mark.parametrize("version", ["0.9.0", "0.9.10", "0.9.1.post1", "0.10.0", None])
def test_another_version_is_left_alone(module, monkeypatch, version):
    installed(monkeypatch, verl=version)
    hooks.patch(module, {"one": negative})
    import hooked

    assert hooked.one() == 1


def test_a_patch_is_put_in_whole_or_not_at_all(module, monkeypatch, caplog):
    installed(monkeypatch, verl="0.9.1")
    hooks.patch(module, {"one": negative, "Engine.renamed": negative})
    import hooked

    assert hooked.one() == 1
    assert "renamed" in caplog.text


def test_vllms_patches_go_by_vllms_version(module, monkeypatch):
    installed(monkeypatch, verl="0.10.0", vllm="0.24.0+cpu")
    hooks.patch(module, {"one": negative}, "vllm")
    hooks.patch(module, {"two": negative}, "verl")
    import hooked

    assert (hooked.one(), hooked.two()) == (-1, 2)


@pytest.mark.parametrize(
    ("versions", "sentences"),
    [
        ({"verl": "0.9.1", "vllm": "0.24.0+cpu"}, []),
        ({}, []),
        (
            {"verl": "0.9.1", "vllm": "0.25.0"},
            ["vllm 0.25.0: the patches of ttrl-verl were tested with 0.24.0"],
        ),
        ({"verl": "0.10.0"}, ["verl 0.10.0: the patches of ttrl-verl were tested with 0.9.1"]),
    ],
)
def test_another_version_is_told(monkeypatch, versions, sentences):
    installed(monkeypatch, **versions)
    assert hooks.untested() == [f"{sentence} and are left out" for sentence in sentences]


def test_nothing_hooks_into_verl_by_another_way():
    """Every hook is guarded: ``wrapt`` is asked for one in ``hooks`` alone, and in the tests' observer."""
    from pathlib import Path

    package = Path(hooks.__file__).parent
    callers = [path.name for path in sorted(package.rglob("*.py")) if "register_post_import_hook" in path.read_text()]
    assert callers == ["hooks.py"]
