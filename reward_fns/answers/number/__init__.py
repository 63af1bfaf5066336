r"""Plain numbers: found in a response, and compared by value.

============== ========================================================================
``find``       the number that a response settles on
``of_line``    the number that one line settles on
``several``    several numbers in a line: whether one of them is meant
``context``    what stands around a number, and makes it part of something else
``adjuncts``   what of a line only says for what its number holds: a time, a price each
``written``    numbers as they are written, their values, their canonical form
``spelling``   one spelling for signs, spaces, powers, fractions, digits
``words``      numbers in words: "twenty-five"
``arithmetic`` sums and products by their value: "12 × 6"
============== ========================================================================
"""
