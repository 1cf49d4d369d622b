"""The table of an ablation as people and programs read it: Markdown, LaTeX, CSV, JSON."""
