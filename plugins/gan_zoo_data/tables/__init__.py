"""Samples that a table or saved rows name."""
