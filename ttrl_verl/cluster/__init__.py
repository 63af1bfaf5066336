"""A run of several processes, on one node or on a Ray cluster: what nothing else would say in a line.

================== =================================================================================================
``driver``         the hook: where verl's driver starts or joins Ray
``shared_folder``  whether every node sees the run's folder, before anything is loaded
``parts``          which of the run's own processes is gone, where verl would wait for it without end
``nodes``          which node does not answer any more, while the run goes on and when it ends
================== =================================================================================================
"""
