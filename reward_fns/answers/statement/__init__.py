r"""Where a response states its answer.

============= =================================================================
``find``      behind the word for it: "the answer is 5", "Answer: 5", a heading
``subject``   before it: "5 is the answer"
``languages`` the words for "answer" in other languages
============= =================================================================
"""
