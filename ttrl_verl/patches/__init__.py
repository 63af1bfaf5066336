"""What of verl has to be worked around, a module each: the reason, the line, and a test that fails when it changes."""
