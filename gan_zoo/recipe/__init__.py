"""Recipes: what a YAML file may say, where each value came from, and what is wrong with it."""
