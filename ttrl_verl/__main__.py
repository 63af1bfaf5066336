"""``python -m ttrl_verl`` is ``ttrl-verl``."""

from ttrl_verl.cli import main

main()
