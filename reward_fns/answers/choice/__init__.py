r"""Multiple choice: one of the options that a question has, by its letter, by its text, or as a word of a list.

==================== ========================================================================
``letter``           a letter: where a response gives it
``option_letters``   how letters of options are written, alone or joined to others
``concluded_letter`` the letter that a sentence concludes: "So I choose C."
``lettered_lines``   the letter that lines give: each option judged, the last line, the first
``options``          a letter or the option's own text, where the texts are known
``words``            a word of a list, such as the labels of a classification
``asserted_words``   the words that a sentence asserts, and the one that it concludes
``judged_words``     words judged one by one: "science - yes"
==================== ========================================================================
"""
