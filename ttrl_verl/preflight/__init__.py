"""What is checked before a run is started, without a GPU."""
