"""Questions in, answers out: adapt a model to questions without labels, and say what it answers before and after."""
