"""Hydra's way to the recipes and to verl's own configuration."""

from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.search_path_plugin import SearchPathPlugin

from ttrl_verl.composition.places import recipes_dir, verl_config_dir


class TTRLSearchPath(SearchPathPlugin):
    """Append the recipes and verl's configuration, behind whatever the program has."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Append the two folders; verl's only where verl is installed."""
        search_path.append("ttrl_verl", f"file://{recipes_dir()}")
        if (verl := verl_config_dir()) is not None:
            search_path.append("verl", f"file://{verl}")
