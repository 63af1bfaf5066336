"""What verl's own check says of a run."""

import contextlib
import io
import warnings
from collections.abc import Iterator

from hydra.errors import HydraException

from ttrl_verl.composition.recipe import Composed
from ttrl_verl.preflight import Finding


def check_with_verl(composed: Composed) -> Finding:
    """Return what verl's own ``validate_config`` says. It imports verl: tens of seconds."""
    from verl.trainer.ppo.utils import need_critic, need_reference_policy
    from verl.utils.config import validate_config

    config = composed.config
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there is no critic without gae
            validate_config(
                config=config,
                use_reference_policy=need_reference_policy(config),
                use_critic=need_critic(config),
            )
    except HydraException as error:
        causes = list(_causes(error))
        if any(isinstance(cause, OSError) for cause in causes):  # with a critic, verl opens the model here
            return Finding("note", "verl", "validate_config opens the critic's model, which is not on this machine yet")
        return Finding("wrong", "verl", f"validate_config: {' '.join(str(causes[-1]).split())}")
    except (AssertionError, ValueError, TypeError, KeyError, AttributeError) as error:
        return Finding("wrong", "verl", f"validate_config: {' '.join(str(error).split()) or type(error).__name__}")
    return Finding("ok", "verl", "its own validate_config has no objection")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what it was raised from: Hydra wraps those of the classes that it builds."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__
