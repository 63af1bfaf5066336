"""Where Hydra finds the recipes and verl's own configuration."""

import importlib.util
from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.search_path_plugin import SearchPathPlugin


def recipes_dir() -> Path:
    """Return the folder of the recipes: beside this file where it is installed, at the top of a clone."""
    installed = Path(__file__).parent / "recipes"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "recipes"


def verl_config_dir() -> Path | None:
    """Return the folder of verl's own YAML files, without importing verl; ``None`` where verl is not installed."""
    spec = importlib.util.find_spec("verl")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "trainer" / "config"


class TTRLSearchPath(SearchPathPlugin):
    """Append the recipes and verl's configuration, behind whatever the program has."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Append the two folders; verl's only where verl is installed."""
        search_path.append("ttrl_verl", f"file://{recipes_dir()}")
        if (verl := verl_config_dir()) is not None:
            search_path.append("verl", f"file://{verl}")
