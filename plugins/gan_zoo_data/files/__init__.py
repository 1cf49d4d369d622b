"""One file: its header, its numbers, and whether they are what the recipe says."""
