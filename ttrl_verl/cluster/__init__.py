"""A run on a Ray cluster that is there already: what its driver looks at, because nothing else would say it in a line.

================== =================================================================================================
``driver``         the hook: where verl's driver starts or joins Ray
``shared_folder``  whether every node sees the run's folder, before anything is loaded
``nodes``          which node does not answer any more, while the run goes on and when it ends
================== =================================================================================================
"""
