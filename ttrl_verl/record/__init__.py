"""The record of a run: what is written into its folder, and how it is read back."""
