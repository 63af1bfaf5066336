"""The main job on the embedded default: a small model, questions without labels, before and after."""
