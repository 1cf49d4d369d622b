"""A run's own plugin manager, with the callbacks that its recipe lists."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pluggy

from gan_zoo.components.hooks import GROUP
from gan_zoo.components.lifecycle import Lifecycle
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe


def make_plugin_manager(recipe: Recipe) -> pluggy.PluginManager:
    """A manager with the callbacks of a recipe, called in its order. One that raises stops the
    run, and is named.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(Lifecycle)
    for name, spec in reversed(recipe.callbacks.items()):  # pluggy calls the last one first
        callback = spec.build()
        manager.register(callback, name)
        for caller in manager.get_hookcallers(callback) or ():
            for heard in caller.get_hookimpls():
                if heard.plugin is callback:
                    named = _named(heard.function, f"callbacks.{name}", caller.name)
                    object.__setattr__(heard, "function", named)
    manager.check_pending()
    return manager


def _named(heard: Callable[..., Any], name: str, event: str) -> Callable[..., Any]:
    @functools.wraps(heard)
    def call(*arguments: Any) -> Any:
        try:
            return heard(*arguments)
        except UserError as problem:
            raise UserError(f"{name}: {problem}") from problem
        except Exception as problem:
            problem.add_note(f"raised by {name} in {event}")
            raise

    return call
