"""Where files lie: layouts, names that belong together, what a folder looks like."""
