"""The one exception for input that is not what was expected."""


class InputError(Exception):
    """Bad input, in one line that names the file, the line or the key, and what was expected there.

    The command line prints it as it stands and exits with status 2.
    """
