"""Mathematical answers: found in a response, brought to one canonical text, compared as text."""
