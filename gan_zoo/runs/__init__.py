"""A run on disk: its folder, its checkpoints, the world that it was started in."""
