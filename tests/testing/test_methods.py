"""Faults of methods."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gan_zoo.registry.zoo import Zoo
from tests.testing.faults import Faults, sound

PairedSpec: Any = Zoo.installed().get("method", "paired")
fault = Faults()


class Play:
    """The paired method with something changed."""

    def __init__(self, method: Any, change: Callable[[Any], Any]) -> None:
        self.method = method
        self.output = method.output
        self.change = change

    def scene(self, cast: Any, maps: Any) -> Any:
        return self.method.scene(cast, maps)

    def step(self, scenes: Any, turn: Any) -> None:
        self.method.step(scenes, self.change(turn))


class _Deaf:
    """A turn in which nobody learns."""

    def __init__(self, turn: Any) -> None:
        self.turn = turn

    def __enter__(self) -> _Deaf:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def learn(self, scene: Any) -> None:
        pass


@fault("offers what it says", "the discriminator learned nothing")
@fault("a turn moves its player alone", "moved: nothing")
class Unfair(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that leaves the discriminator out."""

    def build(self, parts: Any) -> Any:
        def deaf(turn: Any) -> Any:
            return lambda name: _Deaf(turn) if name == "discriminator" else turn(name)

        return Play(super().build(parts), deaf)


@fault("offers what it says", "asked for dream in the discriminator's turn")
class Boasting(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that offers what it has not."""

    def wire(self, parts: Any) -> Any:
        wiring = super().wire(parts)
        offers = {player: names | {"dream"} for player, names in wiring.offers.items()}
        return replace(wiring, offers=offers)


@fault("wires the shapes that networks get", "generator got [(2, 32, 44)]")
class Miswired(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that plays with other sizes than it says."""

    def build(self, parts: Any) -> Any:
        made = super().build(parts)
        scene = made.scene

        def cut(cast: Any, maps: Any) -> Any:
            return scene(cast, {name: tensor[..., 4:] for name, tensor in maps.items()})

        made.scene = cut
        return made


@fault("micro batches equal one batch", "weights of generator that differ")
class Hasty(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that steps after every micro-batch."""

    def build(self, parts: Any) -> Any:
        class Hurry(Play):
            def step(self, scenes: Any, turn: Any) -> None:
                for scene in scenes:
                    self.method.step([scene], turn)

        return Hurry(super().build(parts), lambda turn: turn)


def showing(views: Callable[[Any], Any]) -> Callable[..., Any]:
    """A build() of a method whose discriminator sees other views of the fake."""

    class Bare:
        def __init__(self, turn: Any, first: Any) -> None:
            self.turn, self.first = turn, first

        def __enter__(self) -> Any:
            self.turn.__enter__()
            return self

        def __exit__(self, *error: Any) -> None:
            self.turn.__exit__(*error)

        def learn(self, scene: Any) -> None:
            self.turn.learn(scene.view({"fake_views": lambda mine: views(self.first)}))

    class Show(Play):
        def step(self, scenes: Any, turn: Any) -> None:
            def shown(name: str) -> Any:
                return Bare(turn(name), scenes[0]) if name == "discriminator" else turn(name)

            self.method.step(scenes, shown)

    def build(self: Any, parts: Any) -> Any:
        return Show(PairedSpec.build(self, parts), lambda turn: turn)

    return build


@fault("no gradient leaves a turn", "it reaches conditions.picture, generator too")
class Attached(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that shows the discriminator the fake with its graph."""

    build = showing(
        lambda scene: scene["cast"].play("discriminator", scene["seen"].detach(), scene["fake"])
    )


@fault("no gradient leaves a turn", "it reaches conditions.picture too")
class HalfAttached(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that shows the discriminator the condition with its graph."""

    build = showing(
        lambda scene: scene["cast"].play("discriminator", scene["seen"], scene["fake"].detach())
    )


@fault("translates without a target", "KeyError: 'target'")
class Needy(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that looks at the target at once."""

    def build(self, parts: Any) -> Any:
        made = super().build(parts)
        scene = made.scene
        made.scene = lambda cast, maps: (maps["target"], scene(cast, maps))[1]
        return made


class Strange(Play):
    """The paired method with other maps."""

    def __init__(self, method: Any, maps: Callable[[Any], Any]) -> None:
        super().__init__(method, lambda turn: turn)
        self.maps = maps

    def scene(self, cast: Any, maps: Any) -> Any:
        return self.method.scene(cast, self.maps(maps))


@fault("order of names does not count", "ask for maps and players by name")
class Counting(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that takes the first map for its source."""

    def build(self, parts: Any) -> Any:
        def first(maps: Any) -> Any:
            return {**maps, "source": next(iter(maps.values()))[:, :2]}

        return Strange(super().build(parts), first)


@fault("maps stay as they are", "changed: source")
class Careless(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that changes a map in place."""

    def build(self, parts: Any) -> Any:
        return Strange(
            super().build(parts), lambda maps: {**maps, "source": maps["source"].mul_(0.5)}
        )


@fault("equal steps from one seed", "took 2 steps from the same seed")
class Dicing(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method with dice of its own."""

    def build(self, parts: Any) -> Any:
        return Strange(
            super().build(parts), lambda maps: {**maps, "source": maps["source"] * random.random()}
        )


@fault("state survives a round trip", "give the method state() and restore()")
class Forgetful(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that counts its steps and tells nobody."""

    def build(self, parts: Any) -> Any:
        steps = itertools.count(1)
        return Strange(
            super().build(parts), lambda maps: {**maps, "source": maps["source"] / next(steps)}
        )


@fault("state survives a round trip", "nested mappings of tensors and plain numbers")
class Hoarding(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method whose state no checkpoint can hold."""

    def build(self, parts: Any) -> Any:
        made = super().build(parts)
        made.state = lambda: {"held": object()}
        return made


@fault("rehearses on the meta device", "no branch on values")
class Curious(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that looks at its values."""

    def build(self, parts: Any) -> Any:
        return Strange(
            super().build(parts), lambda maps: maps if maps["source"].mean().item() < 9 else {}
        )


test_a_fault_is_found_and_said = fault.test()
test_what_is_sound_passes = sound(PairedSpec)
