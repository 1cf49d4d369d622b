"""A first recipe for a folder that nobody has described: `looking` at it, `adapting` a recipe."""

from __future__ import annotations

from gan_zoo.data_tools.drafting.looking import FirstRecipe, file_name, first_recipe

__all__ = ["FirstRecipe", "file_name", "first_recipe"]
