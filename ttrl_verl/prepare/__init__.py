"""Question files made ready: benchmarks and one's own, checked before they are written."""
