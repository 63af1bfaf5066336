"""The report of a run: its figures, its pictures, a page of HTML and the same as text."""
