"""What one does with a folder of pictures before there is a run."""
