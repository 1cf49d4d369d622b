"""What one does with a folder of pictures before anything trains on it: look, convert, divide."""
