"""The recipes, as data: one YAML file each. ``ttrl-verl recipes`` lists them."""
