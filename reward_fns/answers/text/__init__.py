r"""Free text with one answer in it.

======== =====================================================
``find`` the text that a response answers with
``form`` one case, spelling, order and punctuation, to compare
======== =====================================================
"""
