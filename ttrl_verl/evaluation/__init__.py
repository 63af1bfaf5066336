"""What a model can do, measured: avg@n, pass@k, maj@k and greedy, with standard errors over questions."""
