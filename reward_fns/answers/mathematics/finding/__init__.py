r"""The mathematical answer that a response gives, as it is written there.

============== ==============================================================================
``find``       the answer, by the surest place that has one: marked, boxed, stated, concluded
``stated``     what stands behind "the answer is"
``conclusion`` what a response concludes without the word "answer"
``sentences``  the end of a response, cut into sentences
``clauses``    what the clauses of a sentence assert
``predicate``  the value that a sentence says of what is asked
``wording``    how a sentence is meant: a conclusion, a step, a task, a doubt, a denial
``values``     the values of a sentence: numbers, amounts, equations, points, formulas
============== ==============================================================================
"""
