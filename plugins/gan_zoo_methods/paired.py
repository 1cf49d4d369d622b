"""The conditional GAN on pairs: its scene and its turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from gan_zoo.components import Cast, DrawnAugment, Scene, Turn, concatenated, draw_augment
from gan_zoo_methods.history import History

Views = list[list[Tensor]]

DRAWN = "augment.drawn"  # of a scene; no map has such a name


class Paired:
    """One generator against one discriminator (Isola et al. 2017, sec. 3; Wang et al. 2018).

    A scene holds the maps of the batch, the number of the `step` and, `B C H W` each: `condition`
    (all conditions), `seen` (those that the discriminator sees too), `real`, `fake`; in a turn also
    `fake_views` and `real_views`, and in the discriminator's turn `judge`: a picture -> its views
    without autocast, for losses made of gradients.

    Where the discriminator sees augmented pictures (T of Zhao et al. 2020, sec. 3), the scene's own
    stay as they are. That one draw a scene and turn changes all that it is shown in it is ours, as
    the paper says nothing of it: real and fake alike, so that its features of both may be matched,
    and `seen`, which the paper has none of, where pixels move, so that all of it goes on belonging
    together. Shared views are of one draw for both players.

    Args:
        conditions: Names of the conditions, in the order of their channels.
        seen: Those of them that the discriminator sees.
        judged: Whether there is a discriminator.
        turns: Who learns when.
        history: Earlier fakes for the discriminator.
        augment: What is changed at random of all that it sees, in this order.
    """

    output = "fake"

    def __init__(
        self,
        *,
        conditions: Sequence[str],
        seen: Sequence[str],
        judged: bool,
        turns: Literal["alternate", "simultaneous", "generator_first"],
        history: History,
        augment: Sequence[str] = (),
    ) -> None:
        self.conditions = conditions
        self.seen = seen
        self.judged = judged
        self.turns = turns
        self.history = history
        self.augment = tuple(augment)

    def state(self) -> dict[str, Any]:
        """What the pool holds."""
        return self.history.pool.state()

    def restore(self, state: dict[str, Any]) -> None:
        """Fill the pool again."""
        self.history.pool.restore(state)

    def held_bytes(self) -> int:
        """Bytes of a full pool."""
        return self.history.pool.full_bytes()

    def scene(self, cast: Cast, maps: Mapping[str, Tensor]) -> Scene:
        """The scene of one batch; `real` exists where the maps hold a target."""
        made = {
            f"conditions.{name}": lambda scene, name=name: cast.condition(name, maps)
            for name in self.conditions
        }
        known = {name: lambda scene, name=name: maps[name] for name in maps}
        first = next(iter(maps))

        def joined(names: Sequence[str]) -> Callable[[Scene], Tensor]:
            made = [f"conditions.{name}" for name in names]
            return lambda scene: concatenated([scene[name] for name in made], scene[first])

        return Scene(
            {
                **known,
                **made,
                "maps.raw": lambda scene: getattr(maps, "raw", maps),
                "cast": lambda scene: cast,
                "step": lambda scene: cast.step,
                "condition": joined(self.conditions),
                "seen": joined(self.seen),
                "real": lambda scene: scene["target"],
                "fake": lambda scene: cast.play("generator", scene["condition"]),
            }
        )

    def step(self, scenes: Sequence[Scene], turn: Callable[[str], Turn]) -> None:
        """One step of every player."""
        if not self.judged:
            with turn("generator") as forward:
                for scene in scenes:
                    scene["fake"]
                    forward.learn(self._as_generator(scene))
                    scene.forget()
        elif self.turns == "alternate":
            self._alternate(scenes, turn)
        elif self.turns == "generator_first":
            self._generator_first(scenes, turn)
        else:
            self._simultaneous(scenes, turn)

    def _alternate(self, scenes: Sequence[Scene], turn: Callable[[str], Turn]) -> None:
        """The discriminator steps, then the generator learns from it as it is now.

        One batch makes its fake once. Of several, only one at a time is held, with its graph: the
        generator makes each fake anew when its turn comes, with the same noise.
        """
        several = len(scenes) > 1
        states = []
        with turn("discriminator") as against:
            for scene in scenes:
                states.append(scene["cast"].forward_state("generator") if several else None)
                with torch.set_grad_enabled(not several):
                    scene["fake"]  # before the generator rests
                against.learn(self._as_discriminator(scene))
                if several:
                    scene.forget()
        with turn("generator") as forward:
            for scene, state in zip(scenes, states, strict=True):
                if state:
                    with state.restored():
                        scene["fake"]
                forward.learn(self._as_generator(scene))
                scene.forget()

    def _generator_first(self, scenes: Sequence[Scene], turn: Callable[[str], Turn]) -> None:
        """The generator steps, then the discriminator learns from what it makes now: another
        picture, with other noise.
        """
        with turn("generator") as forward:
            for scene in scenes:
                scene["fake"]
                forward.learn(self._as_generator(scene))
                scene.forget()
        with turn("discriminator") as against:
            for scene in scenes:
                with torch.no_grad():
                    scene["fake"]
                against.learn(self._as_discriminator(scene))
                scene.forget()

    def _simultaneous(self, scenes: Sequence[Scene], turn: Callable[[str], Turn]) -> None:
        """Both learn from both as they are; then the generator steps, then the discriminator."""
        with turn("discriminator") as against, turn("generator") as forward:
            for scene in scenes:
                scene["fake"]
                if scene["cast"].shares_views and not self.history.pool.size:
                    self._share(scene, forward, against)
                else:
                    forward.learn(self._as_generator(scene))
                    against.learn(self._as_discriminator(scene))
                scene.forget()

    def _as_discriminator(self, scene: Scene) -> Scene:
        """Nothing that the discriminator learns from may reach the generator."""
        if not self.history.pool.size:
            return _against(scene, self._both())

        def fake_views(mine: Scene) -> Views:
            return _judged(mine, *self.history.shown(mine))

        return _against(
            scene,
            {
                DRAWN: self._draw,
                "fake_views": fake_views,
                "real_views": lambda mine: _views(mine, "real"),
            },
        )

    def _as_generator(self, scene: Scene) -> Scene:
        """The discriminator as it is now, with a graph on the fake and none on the real. The scene
        is cut at the fake, so that graphs of one judge at a time are held beside the generator's.
        """
        scene.cut("fake", "seen")

        def real_views(mine: Scene) -> Views:
            with torch.no_grad():
                return _views(mine, "real")

        return scene.view(
            {
                DRAWN: self._draw,
                "fake_views": lambda mine: _views(mine, "fake"),
                "real_views": real_views,
            }
        )

    def _share(self, scene: Scene, forward: Turn, against: Turn) -> None:
        """Both learn from one pass of the discriminator, which has graphs to both: to the cut at
        the fake, and to its own weights. A turn goes back to its own player alone.
        """
        scene.cut("fake", "seen")
        shared = scene.view(self._both())

        def still(mine: Scene) -> Views:
            return [[feature.detach() for feature in view] for view in shared["real_views"]]

        forward.learn(shared.view({"real_views": still}), keep=True)
        against.learn(_against(shared, {}))
        shared.forget()

    def _both(self) -> dict[str, Callable[[Scene], Any]]:
        """The views of both pictures, which are made at once."""
        return {
            DRAWN: self._draw,
            "both_views": _both_views,
            "fake_views": lambda mine: mine["both_views"][0],
            "real_views": lambda mine: mine["both_views"][1],
        }

    def _draw(self, scene: Scene) -> DrawnAugment:
        """How all that the discriminator is shown in a turn is changed."""
        return draw_augment(self.augment, scene["real"])


def _both_views(scene: Scene) -> list[Views]:
    """Of both pictures, beside the one condition that is seen with them."""
    pictures = [_changed(scene, scene[name]) for name in ("fake", "real")]
    seen = _moved(scene, scene["seen"])
    views: list[Views] = scene["cast"].judge("discriminator", seen, pictures)
    return views


def _against(scene: Scene, views: Mapping[str, Callable[[Scene], Any]]) -> Scene:
    """A scene in the discriminator's turn: no gradient goes on to who made the fake. Views that
    are not given are those that the scene has.
    """

    def judge(mine: Scene) -> Callable[[Tensor], Views]:
        def views(picture: Tensor) -> Views:
            # A view of it: torch's counter of operations refuses leaves as a module's inputs.
            picture = picture.view_as(picture)
            return _judged(mine, mine["seen"], picture, exact=True)

        return views

    return scene.view(
        {
            "fake": lambda mine: scene["fake"].detach(),
            "seen": lambda mine: scene["seen"].detach(),
            "judge": judge,
            **views,
        }
    )


def _views(scene: Scene, picture: str) -> Views:
    return _judged(scene, scene["seen"], scene[picture])


def _judged(scene: Scene, seen: Tensor, picture: Tensor, *, exact: bool = False) -> Views:
    """What the discriminator says of them, changed as all that it sees in this turn."""
    cast = scene["cast"]
    play = cast.play_exact if exact else cast.play
    views: Views = play("discriminator", _moved(scene, seen), _changed(scene, picture))
    return views


def _changed(scene: Scene, picture: Tensor) -> Tensor:
    return _laid_out(scene[DRAWN].picture(picture), picture)


def _moved(scene: Scene, seen: Tensor) -> Tensor:
    return _laid_out(scene[DRAWN].condition(seen), seen)


def _laid_out(made: Tensor, like: Tensor) -> Tensor:
    """In the layout of what it was made of, which the engine chose; changes have one of theirs."""
    if made is like:
        return made
    for layout in (torch.contiguous_format, torch.channels_last):
        if like.is_contiguous(memory_format=layout):
            return made.contiguous(memory_format=layout)
    return made
