"""The conditional GAN on pairs (Isola et al. 2017, sec. 3.3): its scene and its turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from gan_zoo.engine.scene import Cast, Scene, concatenated
from gan_zoo.engine.turns import Turn


class Paired:
    """Discriminator first, then the generator through the updated discriminator.

    A scene holds the maps of the batch and, `B C H W` each: `condition` (all conditions), `seen`
    (those that the discriminator sees too), `real`, `fake`; in a turn also `real_views` and
    `fake_views`.

    Args:
        conditions: Names of the conditions, in the order of their channels.
        seen: Those of them that the discriminator sees.
        judged: Whether there is a discriminator.
    """

    output = "fake"

    def __init__(self, *, conditions: Sequence[str], seen: Sequence[str], judged: bool) -> None:
        self.conditions = conditions
        self.seen = seen
        self.judged = judged

    def scene(self, cast: Cast, maps: Mapping[str, Tensor]) -> Scene:
        """The scene of one batch; `real` exists where the maps hold a target."""
        made = {
            f"conditions.{name}": lambda scene, name=name: cast.condition(name, maps)
            for name in self.conditions
        }
        known = {name: lambda scene, tensor=tensor: tensor for name, tensor in maps.items()}
        like = next(iter(maps.values()))

        def joined(names: Sequence[str]) -> Callable[[Scene], Tensor]:
            return lambda scene: concatenated([scene[f"conditions.{n}"] for n in names], like)

        return Scene(
            {
                **known,
                **made,
                "cast": lambda scene: cast,
                "condition": joined(self.conditions),
                "seen": joined(self.seen),
                "real": lambda scene: scene["target"],
                "fake": lambda scene: cast.play("generator", scene["condition"]),
            }
        )

    def step(self, scenes: Sequence[Scene], turn: Callable[[str], Turn]) -> None:
        """One step of both players; the fake is computed once."""
        for scene in scenes:
            scene["fake"]  # made here, with its graph: in the first turn the generator rests
        if self.judged:
            with turn("discriminator") as against:
                for scene in scenes:
                    against.learn(_as_discriminator(scene))
        with turn("generator") as forward:
            for scene in scenes:
                forward.learn(_as_generator(scene))


def _as_discriminator(scene: Scene) -> Scene:
    """Nothing that the discriminator learns from may reach the generator."""

    def judge(picture: str) -> Callable[[Scene], list[list[Tensor]]]:
        return lambda mine: mine["cast"].play("discriminator", mine["seen"].detach(), mine[picture])

    return scene.view(
        {
            "fake": lambda mine: scene["fake"].detach(),
            "fake_views": judge("fake"),
            "real_views": judge("real"),
        }
    )


def _as_generator(scene: Scene) -> Scene:
    """The discriminator as it is now, with a graph on the fake and none on the real."""

    def fake_views(mine: Scene) -> list[list[Tensor]]:
        views: list[list[Tensor]] = mine["cast"].play("discriminator", mine["seen"], mine["fake"])
        return views

    def real_views(mine: Scene) -> list[list[Tensor]]:
        with torch.no_grad():
            views: list[list[Tensor]] = mine["cast"].play(
                "discriminator", mine["seen"], mine["real"]
            )
        return views

    return scene.view({"fake_views": fake_views, "real_views": real_views})
