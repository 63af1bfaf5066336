"""Question files, read and checked row by row: text and images."""
