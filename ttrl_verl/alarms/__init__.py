"""Alarms that need no label: does the run still learn, or does it collapse? Both look like a rising reward.

``config`` is the section of a recipe, ``rules`` what each alarm looks at, ``watch`` what follows a run. What a step
looked like goes in as ``StepStats``, what fired comes out as ``Fired``. Nothing here imports verl.
"""
