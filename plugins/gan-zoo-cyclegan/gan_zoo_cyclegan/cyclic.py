"""Two generators and two discriminators without pairs: the scene and the turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

from gan_zoo.components import Cast, Pool, Scene, Turn, concatenated
from gan_zoo_cyclegan.directions import DIRECTIONS, Direction, Way

Views = list[list[Tensor]]


class Cyclic:
    """Both directions of an unpaired translation (Zhu et al. 2017, sec. 3 and 4).

    Each direction is a side of the scene, on which losses see one game. `given` is the picture to
    translate, `fake` its translation, `B C H W` each. For the generators there are also `cycled`,
    the fake translated back, `other`, a picture of the wanted side, `same`, what the generator
    makes of that one, and `fake_views`; for the discriminators `real` (that same other picture),
    `fake_views` (of earlier fakes too), `real_views` and `judge`: a picture -> its views without
    autocast.

    The generators step first. The discriminators then learn from what the generators had made.

    Args:
        conditions: Names of the conditions, in the order of their channels.
        translate: The direction of translations.
        pool: Fakes that are held for each discriminator.
        exact: Hold them in floats, not in 8 bits.
    """

    output = "fake"

    def __init__(
        self, *, conditions: Sequence[str], translate: Way, pool: int, exact: bool = False
    ) -> None:
        self.conditions = conditions
        self.translate = translate
        self.pools = {name: Pool(pool, exact=exact) for name in DIRECTIONS}

    def state(self) -> dict[str, Any]:
        """What the pools hold."""
        return {name: pool.state() for name, pool in self.pools.items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Fill the pools again."""
        for name, pool in self.pools.items():
            pool.restore(state.get(name, {}))

    def held_bytes(self) -> int:
        """Bytes of both pools when they are full."""
        return sum(pool.full_bytes() for pool in self.pools.values())

    def scene(self, cast: Cast, maps: Mapping[str, Tensor]) -> Scene:
        """The maps of one batch, of which a translation needs one, and its translation."""
        known = {name: lambda scene, name=name: maps[name] for name in maps}
        way = DIRECTIONS[self.translate]
        return Scene(
            {
                **known,
                "cast": lambda scene: cast,
                "step": lambda scene: cast.step,
                "fake": lambda scene: self._translated(scene, way, scene[way.given]),
            }
        )

    def step(self, scenes: Sequence[Scene], turn: Callable[[str], Turn]) -> None:
        """One step of both generators, then one of both discriminators."""
        fakes: list[Tensor] = []
        several = len(scenes) > 1
        with turn("generator") as forward:
            for scene in scenes:
                for way in DIRECTIONS.values():
                    side = self._as_generator(scene, way)
                    fake = side["fake"].detach()
                    fakes.append(fake.cpu() if several else fake)  # one micro-batch on the device
                    forward.learn(side)
                scene.forget()
        made = iter(fakes)
        with turn("discriminator") as against:
            for scene in scenes:
                for way in DIRECTIONS.values():
                    fake = next(made).to(scene[way.wanted])
                    against.learn(self._as_discriminator(scene, way, fake))
                scene.forget()

    def _translated(self, scene: Scene, way: Direction, picture: Tensor) -> Tensor:
        """A picture as the generator of a direction makes it over."""
        cast: Cast = scene["cast"]
        shown = [cast.condition(name, {"source": picture}) for name in self.conditions]
        made: Tensor = cast.play(way.generator, concatenated(shown, picture))
        return made

    def _as_generator(self, scene: Scene, way: Direction) -> Scene:
        """One direction, with graphs to the generators and through the discriminator."""

        def made(way: Direction, name: str) -> Callable[[Scene], Tensor]:
            return lambda mine: self._translated(mine, way, mine[name])

        return scene.view(
            {
                "given": lambda mine: mine[way.given],
                "other": lambda mine: mine[way.wanted],
                "fake": made(way, "given"),
                "cycled": made(way.reverse, "fake"),
                "same": made(way, "other"),
                "fake_views": lambda mine: _views(mine, way, mine["fake"]),
            },
            way.side,
        )

    def _as_discriminator(self, scene: Scene, way: Direction, fake: Tensor) -> Scene:
        """One direction, with what its generator made before it stepped."""

        def fake_views(mine: Scene) -> Views:
            return _views(mine, way, self.pools[way.name].ask(fake))

        def judge(mine: Scene) -> Callable[[Tensor], Views]:
            def views(picture: Tensor) -> Views:
                # A view of it: torch's counter of operations refuses leaves as a module's inputs.
                picture = picture.view_as(picture)
                cast: Cast = mine["cast"]
                judged: Views = cast.play_exact(way.discriminator, _nothing(picture), picture)
                return judged

            return views

        return scene.view(
            {
                "fake": lambda mine: fake,
                "real": lambda mine: mine[way.wanted],
                "fake_views": fake_views,
                "real_views": lambda mine: _views(mine, way, mine["real"]),
                "judge": judge,
            },
            way.side,
        )


def _views(scene: Scene, way: Direction, picture: Tensor) -> Views:
    views: Views = scene["cast"].play(way.discriminator, _nothing(picture), picture)
    return views


def _nothing(picture: Tensor) -> Tensor:
    """The condition that a discriminator of one side sees: no channels, `B 0 H W`."""
    return picture[:, :0]
