"""Test-time reinforcement learning as a plugin for stock verl. Importing this package imports nothing of verl."""

__version__ = "0.2.0"
