"""A turn: one player learns. Add up the losses of the micro-batches, then step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Self

import torch
from torch import Tensor

from gan_zoo.components.interfaces import LossFunction
from gan_zoo.components.scene import Scene, Term
from gan_zoo.engine.ledger import Ledger
from gan_zoo.engine.player import Player
from gan_zoo.engine.regions import region
from gan_zoo.errors import UserError, add_note_on_error


class Turn:
    """One player's turn, as a context: what it `learn`s from goes backward to its own parameters
    alone; at its end it steps.

    Turns may be nested. All players then learn from the weights before any step, and step as their
    turns end: the innermost first. Nobody's parameters change whether they want gradients: a
    compiled network would not notice, and learn nothing.

    Args:
        player: Whose turn it is.
        losses: Name -> the losses of the recipe.
        ledger: Where the terms are written down.
        moves: Whether the player steps; a turn that only takes time does not.
        needs: Name of a loss -> what it asks the scene for.
        casts: Weights that networks are given in half are cast once in it.
    """

    def __init__(
        self,
        player: Player,
        losses: Mapping[str, LossFunction],
        ledger: Ledger,
        *,
        moves: bool = True,
        needs: Mapping[str, frozenset[str]] | None = None,
        casts: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        self.player = player
        self.losses = losses
        self.ledger = ledger
        self.moves = moves
        self._needs = needs or {}
        self._casts = casts()
        self._learned = False

    def __enter__(self) -> Self:
        self.player.forget_gradients()
        self._casts.__enter__()
        return self

    def learn(self, scene: Scene, *, keep: bool = False) -> None:
        """Add one scene's losses to the player's gradients. A view ends with it: what it has made
        may hold the view, as `judge` does, and both would wait for the garbage collector.

        Where a scene was cut, every loss goes backward to the cut by itself and frees its graph
        before the next one is made; those that share what the scene made, as the discriminator's
        views, do so together, last. From there it is one way on for all of them.

        Args:
            scene: What the losses are made of. What it has made before has a graph to all players.
            keep: Keep the graph, for another player that learns from the same tensors.
        """
        try:
            self._learn(scene, keep)
        finally:
            if scene.is_view and not keep:
                scene.forget()

    def _learn(self, scene: Scene, keep: bool) -> None:
        found: dict[str, list[Term]] = {}
        together: Tensor | None = None
        for name in self._order(scene):
            scene.asked.clear()
            found[name] = self._terms(name, scene)
            total = added(found[name])
            if total is None:
                continue
            if scene.cuts and not scene.graph_was_asked_for():
                self._backward(total * scene.share, scene, keep=False)
            else:
                together = total if together is None else together + total
        for name in self.losses:
            for label, value, _ in found[name]:
                self.ledger.enter(name, scene.label_of(label), value, scene.share)
        if together is not None:
            self._backward(together * scene.share, scene, keep=keep)
        self._join(scene)

    def _order(self, scene: Scene) -> list[str]:
        """The losses; where a scene was cut, first those that ask for nothing made after it."""
        if not scene.cuts:
            return list(self.losses)
        later = scene.made_later()
        return sorted(self.losses, key=lambda name: bool(later & self._needs.get(name, set())))

    def _backward(self, loss: Tensor, scene: Scene, *, keep: bool) -> None:
        """Add a loss to the gradients of what learns, and of where the scene was cut."""
        learns = list(self.player.learns.values())
        self._learned = self._learned or bool(learns)
        if learns and loss.requires_grad:
            inputs = [*(cut.leaf for cut in scene.cuts), *learns]
            torch.autograd.backward(self.player.scaled(loss), inputs=inputs, retain_graph=keep)

    def _join(self, scene: Scene) -> None:
        """From where a scene was cut back to what learns, once for all losses."""
        cuts = [(cut.whole, cut.leaf.grad) for cut in scene.cuts if cut.leaf.grad is not None]
        scene.cuts.clear()
        if cuts:
            wholes, gradients = zip(*cuts, strict=True)
            torch.autograd.backward(wholes, gradients, inputs=list(self.player.learns.values()))

    def __exit__(self, *error: Any) -> None:
        self._casts.__exit__(*error)
        if self.moves and error[0] is None:
            self.finish()

    def finish(self) -> None:
        """Step by what was learned, if all of it is a number."""
        player = self.player
        if self._learned:
            if all(parameter.grad is None for parameter in player.learns.values()):
                raise UserError(
                    f"no loss of the {player.name} reaches what it learns: the terms of "
                    f"{', '.join(self.losses)} have no gradient there. A loss that has nothing to "
                    "say on a step gives no term; one that has must not detach"
                )
            player.complete_gradients()
        largest = player.largest(self.ledger.terms.values())
        if largest is not None:
            self.ledger.look_at(player.name, largest)
        if self._learned:
            player.step(self.ledger.spoilt())
            torch.clear_autocast_cache()  # of an outer turn's: these weights are gone
        player.forget_gradients()  # the next forward needs the memory

    def _terms(self, name: str, scene: Scene) -> list[Term]:
        """What a loss says."""
        note = f"losses.{name} taught the {self.player.name}"
        with region(f"losses.{name}"), add_note_on_error(note):
            return [Term(*term) for term in self.losses[name](scene, self.player.name)]


def added(terms: Iterable[Term]) -> Tensor | None:
    """Their sum with their factors, in this order; None of nothing."""
    total: Tensor | None = None
    for _, value, factor in terms:
        total = value * factor if total is None else total + value * factor
    return total
