"""Scores of trained models, and what they should beat."""
