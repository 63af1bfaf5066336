"""The report of a run: its figures, its charts, a page of HTML and the same as text."""
