"""A scene: the tensors of one step by name, each computed once, when first asked for; and the terms
that losses make of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

Maker = Callable[["Scene"], Any]
Autocast = Callable[[], AbstractContextManager[None]]


class Term(NamedTuple):
    """One named term of a player's loss.

    Args:
        label: The name under which it is shown, as the papers' programs print it.
        value: The scalar that is shown.
        factor: What it is multiplied with in the player's sum.
    """

    label: str
    value: Tensor
    factor: float = 1.0


class Cut(NamedTuple):
    """Where a scene's graph ends.

    Args:
        whole: What was made, with its graph.
        leaf: Gets the gradients of all losses.
        end: What stands in the place of `whole`.
    """

    whole: Tensor
    leaf: Tensor
    end: Tensor


class Scene:
    """Named tensors, made lazily.

    Args:
        makers: Name -> how it is made of others.
        above: The scene of the same step that knows what this one does not.

    Attributes:
        share: Its part of the step, by samples; 1 where it is all of it.
        autocast: The run's precision, for the fixed networks of losses; none of its own otherwise.
        side: Which one it is of several games that a step plays side by side, as A; else empty.
        let_go: What else goes when it forgets: the maps of one micro-batch of several.
        asked: The names that were asked of this scene; who wants to know clears it before.
        is_cuttable: Whether `cut` does anything: a turn that moves goes on from there.
        due: Answers `is_due`, where a run knows which of its steps this is.
    """

    def __init__(self, makers: Mapping[str, Maker], above: Scene | None = None) -> None:
        self.share: float = 1.0 if above is None else above.share
        self.side: str = "" if above is None else above.side
        self.autocast: Autocast = nullcontext if above is None else above.autocast
        self.let_go: Callable[[], None] = _nothing
        self.asked: set[str] = set()
        self.is_cuttable: bool = above is not None and above.is_cuttable
        self.due: Callable[[int], bool] | None = None if above is None else above.due
        self._cuts: list[Cut] = []
        self._makers = makers
        self._above = above
        self._known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        if name not in self._known:
            if name in self._makers:
                self._known[name] = self._makers[name](self)
            elif self._above is not None:
                return self._above[name]
            else:
                raise KeyError(f"this scene has no {name}; it has {', '.join(self.names())}")
        return self._known[name]

    def __contains__(self, name: str) -> bool:
        return name in self.names()

    def names(self) -> list[str]:
        """Everything that can be asked for."""
        above = [] if self._above is None else self._above.names()
        return list(dict.fromkeys([*self._makers, *above]))

    def view(self, makers: Mapping[str, Maker], side: str = "") -> Scene:
        """The same scene as a player sees it: some names mean something else in its turn, or on
        one side of several.
        """
        seen = Scene(makers, above=self)
        seen.side = side or self.side
        return seen

    @property
    def is_view(self) -> bool:
        """Whether it is another scene as one player sees it."""
        return self._above is not None

    def cut(self, *names: str) -> None:
        """End the graph of these, and of whatever else was made with one so far. Losses then go
        backward to here one by one, each graph free before the next is made, and the turn goes on
        to what learns: once, by all their gradients together. Where nobody moves nothing is cut.
        """
        from torch.utils._pytree import tree_map

        for name in names:
            self[name]
        if self.is_cuttable:
            self._known = {name: tree_map(self._end, made) for name, made in self._known.items()}

    def _end(self, made: Any) -> Any:
        if getattr(made, "grad_fn", None) is None:
            return made
        leaf = made.detach().requires_grad_()
        end = leaf.view_as(leaf)  # torch's autocast would keep what it casts of a leaf
        self.cuts.append(Cut(made, leaf, end))
        return end

    @property
    def cuts(self) -> list[Cut]:
        """Where the graph was cut."""
        return self._cuts if self._above is None else self._above.cuts

    def made_later(self) -> frozenset[str]:
        """What views of the scene make."""
        above = frozenset[str]() if self._above is None else self._above.made_later()
        return above | self._makers.keys() if self.is_view else above

    def graph_was_asked_for(self) -> bool:
        """Whether something that was asked for has a graph, to which others may go back too."""
        from torch.utils._pytree import tree_leaves

        known = tree_leaves([self[name] for name in tuple(self.asked)])
        ends = {id(cut.end) for cut in self.cuts}
        return any(getattr(m, "grad_fn", None) is not None and id(m) not in ends for m in known)

    def is_due(self, every: int) -> bool:
        """Whether what is taken on each so many steps is taken on this one; the first counts as 0.

        Ask here, not the number of the `step`: a step that reads that is different work every time,
        and is never recorded (`engine.graphs`).
        """
        if every == 1:
            return True
        return self.due(every) if self.due is not None else self["step"] % every == 0

    def label_of(self, label: str) -> str:
        """The label of a term of this scene: with its side, where there are several."""
        return f"{label}_{self.side}" if self.side else label

    def forget(self) -> None:
        """Let go of everything made; what is asked for again is made anew."""
        self._known.clear()
        self._cuts.clear()
        self.let_go()


def _nothing() -> None: ...


def concatenated(parts: Iterable[Tensor], like: Tensor) -> Tensor:
    """Channels side by side, `B c H W` each; none at all gives `B 0 H W`."""
    import torch

    parts = list(parts)
    return torch.cat(parts, dim=1) if parts else like[:, :0]
