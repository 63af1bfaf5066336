"""Recipes: found, put together as verl puts them together, with short names for the command line."""
