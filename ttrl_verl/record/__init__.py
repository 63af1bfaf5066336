"""The record of a run: what is written into its folder, and how it is read back."""

COMMAND_VARIABLE = "TTRL_VERL_COMMAND"
"""The command that a person typed, handed on to the process that writes the record: there ``sys.argv`` is Ray's."""
