"""What becomes of maps that were read: resized, drawn, kept."""
