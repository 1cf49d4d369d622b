"""Pictures that are too large to be translated at once: tiles, and statistics of the whole."""
