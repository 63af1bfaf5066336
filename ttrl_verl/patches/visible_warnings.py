"""Patch: warnings are shown.

vLLM's HTTP server imports model_hosting_container_standards, which sets the root logger and its handlers to ERROR
unless one of two variables names a level. verl's trainer imports that server, so that from there on no warning of any
library is seen: neither that an alarm fired, nor that it ends the run. A variable is set and nothing is replaced, so
this holds on every version.
"""

import os

LEVEL = "SAGEMAKER_CONTAINER_LOG_LEVEL"
_OR = "LOG_LEVEL"


def register() -> None:
    """Name verl's own level, WARNING, where the user named none."""
    if _OR not in os.environ:
        os.environ.setdefault(LEVEL, "WARNING")
