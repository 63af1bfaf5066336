"""What of verl, and of what it brings, has to be worked around, a module each: the reason, the line, and a test.

The test fails when what is worked around changes.
"""
