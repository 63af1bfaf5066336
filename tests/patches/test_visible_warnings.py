"""The patch that keeps warnings visible, each case in a process of its own: what is set there is the root logger."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow  # a library of vLLM's
pytest.importorskip("model_hosting_container_standards", reason="comes with vLLM")

WARN = """
import logging
logging.basicConfig()
{before}
import model_hosting_container_standards.sagemaker
logging.getLogger("ttrl_verl.record.write").warning("an alarm fired")
"""
PATCH = "from ttrl_verl.patches import visible_warnings; visible_warnings.register()"


def shown(before="", **variables):
    environment = {key: value for key, value in os.environ.items() if "LOG_LEVEL" not in key} | variables
    command = [sys.executable, "-c", WARN.format(before=before)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return "an alarm fired" in done.stderr


def test_without_the_patch_none_is_seen():
    assert not shown()  # when this fails, the patch can go


def test_with_it_they_are():
    assert shown(PATCH)


@pytest.mark.parametrize("variable", ["LOG_LEVEL", "SAGEMAKER_CONTAINER_LOG_LEVEL"])
def test_the_level_that_a_user_names_counts(variable):
    assert not shown(PATCH, **{variable: "ERROR"})
