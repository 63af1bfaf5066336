"""Hydra finds this by itself: the recipes are on the search path of ``python -m verl.trainer.main_ppo``.

Hydra imports every package below ``hydra_plugins`` when it starts, so ``--config-name=demo_cpu`` needs no
``--config-dir``.
"""

from ttrl_verl.composition.search_path import TTRLSearchPath

__all__ = ["TTRLSearchPath"]
