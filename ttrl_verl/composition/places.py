"""Where the recipes and verl's own configuration lie, found without importing Hydra or verl."""

import importlib.util
from pathlib import Path


def recipes_dir() -> Path:
    """Return the folder of the recipes: in the package where it is installed, at the top of a clone."""
    package = Path(__file__).parents[1]
    installed = package / "recipes"
    return installed if installed.is_dir() else package.parent / "recipes"


def verl_config_dir() -> Path | None:
    """Return the folder of verl's own YAML files, without importing verl; ``None`` where verl is not installed."""
    spec = importlib.util.find_spec("verl")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "trainer" / "config"
