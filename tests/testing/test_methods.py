"""Faults of methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gan_zoo.zoo import Zoo
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

    def build(self, recipe: Any) -> Any:
        def deaf(turn: Any) -> Any:
            return lambda name: _Deaf(turn) if name == "discriminator" else turn(name)

        return Play(super().build(recipe), deaf)


@fault("offers what it says", "asked for dream in the discriminator's turn")
class Boasting(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that offers what it has not."""

    def wire(self, recipe: Any, size: Any = None) -> Any:
        wiring = super().wire(recipe, size)
        offers = {player: names | {"dream"} for player, names in wiring.offers.items()}
        return replace(wiring, offers=offers)


@fault("wires the shapes that networks get", "generator got [(2, 32, 44)]")
class Miswired(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that plays with other sizes than it says."""

    def build(self, recipe: Any) -> Any:
        made = super().build(recipe)
        scene = made.scene

        def cut(cast: Any, maps: Any) -> Any:
            return scene(cast, {name: tensor[..., 4:] for name, tensor in maps.items()})

        made.scene = cut
        return made


@fault("micro batches equal one batch", "weights of generator that differ")
class Hasty(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that steps after every micro-batch."""

    def build(self, recipe: Any) -> Any:
        class Hurry(Play):
            def step(self, scenes: Any, turn: Any) -> None:
                for scene in scenes:
                    self.method.step([scene], turn)

        return Hurry(super().build(recipe), lambda turn: turn)


@fault("no gradient leaves a turn", "it reaches generator too")
class Attached(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that shows the discriminator the fake with its graph."""

    def build(self, recipe: Any) -> Any:
        class Bare:
            def __init__(self, turn: Any, first: Any) -> None:
                self.turn, self.first = turn, first

            def __enter__(self) -> Any:
                self.turn.__enter__()
                return self

            def __exit__(self, *error: Any) -> None:
                self.turn.__exit__(*error)

            def learn(self, scene: Any) -> None:
                def views(mine: Any) -> Any:
                    return mine["cast"].play("discriminator", mine["seen"], self.first["fake"])

                self.turn.learn(scene.view({"fake_views": views}))

        class Show(Play):
            def step(self, scenes: Any, turn: Any) -> None:
                self.method.step(scenes, lambda name: Bare(turn(name), scenes[0]))

        return Show(super().build(recipe), lambda turn: turn)


@fault("translates without a target", "KeyError: 'target'")
class Needy(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that looks at the target at once."""

    def build(self, recipe: Any) -> Any:
        made = super().build(recipe)
        scene = made.scene
        made.scene = lambda cast, maps: (maps["target"], scene(cast, maps))[1]
        return made


test_a_fault_is_found_and_said = fault.test()
test_what_is_sound_passes = sound(PairedSpec)
