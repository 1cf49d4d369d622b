"""A plugin to start from: its package, written from templates."""
