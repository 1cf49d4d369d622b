"""The loop that takes a recipe through its phases, and what guards it."""
