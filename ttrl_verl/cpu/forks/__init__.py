"""A run's Python processes are forked from one that has imported verl and vLLM: this is paid once, not ten times.

A run on one machine starts a dozen Python processes: Ray's workers and vLLM's engine. Each imports torch, verl and vLLM
anew, 4 to 14 processor seconds apiece, most of a start on two cores. So the driver starts this server, which imports
them once, beside the driver's own imports. Ray is told a launcher in place of Python (``py_executable``);
``client``, which it runs, sends its arguments, environment and open files here, and what is forked becomes that
process. What it imports is there already; all else it does as it would.

Plain Python runs instead, and the server's log says why, where a variable that is read at import is another than the
server's, and wherever the server is gone. ``TTRL_VERL_FORK_SERVER=0`` does without it.

=========== ========================================================================================
``start``   the driver's side: starts the server, and says what stands in for Python
``server``  the process that imports everything once and forks
``request`` what is asked of it, and where plain Python has to run instead
``client``  what stands in for Python: asks, waits, and ends as the process does
=========== ========================================================================================
"""
