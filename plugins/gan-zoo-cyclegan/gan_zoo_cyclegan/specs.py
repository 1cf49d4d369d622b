"""The menu of CycleGAN's method and losses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field

from gan_zoo.components import ContractError, Image, LossSpec, MethodSpec, Network, Parts, Wiring
from gan_zoo_cyclegan.directions import DIRECTIONS, Direction, Way

if TYPE_CHECKING:
    from gan_zoo.components import LossFunction, Method

SIDES = ("source", "target")


class CyclicSpec(MethodSpec, name="cyclic"):
    """Two generators, from side A (the map `source`) to side B (`target`) and back, each against a
    discriminator of its own, on pictures without pairs (Zhu et al. 2017, sec. 3).

    The recipe's generator and discriminator describe both directions: the networks are
    `generator.a_to_b`, `generator.b_to_a`, `discriminator.a_to_b` (which judges B pictures) and
    `discriminator.b_to_a`. One optimizer moves both generators, then one both discriminators. The
    conditions say how a generator is shown the map `source`; in the other direction, and for what
    a generator made, that picture stands in its place.
    """

    foreign = dict.fromkeys(["G_A", "G_B", "D_A", "D_B"], "cyclegan/cyclegan")
    per_translation = frozenset({"translate"})

    earlier: ClassVar[Mapping[str, str]] = {"history": "exact"}

    translate: Way = "a_to_b"
    """The direction of translations and previews; training is the same for both."""
    pool: int = Field(50, ge=0)
    """Earlier fakes of each side that are held and shown to its discriminator in place of half of
    the new ones; 0 for none."""
    history: Literal["8-bit", "exact"] = "8-bit"
    """How the pools hold them, in main memory and in checkpoints: in 8 bits, or as they are, as
    are those of pictures whose files hold other numbers than 0 to 255."""

    @classmethod
    def example(cls) -> Self:
        """A pool that is soon full."""
        return cls(pool=2)

    def wire(self, parts: Parts) -> Wiring:
        """A picture -> generator -> picture of the other side -> discriminator, both ways."""
        maps = parts.data.maps(parts.size)
        self._check(parts, maps)
        first = DIRECTIONS[self.translate]
        both = (first, first.reverse)
        networks = [*_generators(parts, maps, both), *_discriminators(parts, maps, both)]
        learning = {"given", "fake", "cycled", "other", "fake_views", "step"}
        if maps["source"].channels == maps["target"].channels:
            learning.add("same")
        judging = {"fake", "real", "fake_views", "real_views", "judge", "step"}
        return Wiring(
            maps=maps,
            conditions={name: spec.gives(maps) for name, spec in parts.conditions.items()},
            networks=tuple(networks),
            offers={"generator": frozenset(learning), "discriminator": frozenset(judging)},
            target=first.wanted,
            inputs=(first.given,),
        )

    def build(self, parts: Parts) -> Method:
        """Scenes and turns."""
        from gan_zoo_cyclegan.cyclic import Cyclic

        return Cyclic(
            conditions=list(parts.conditions),
            translate=self.translate,
            pool=self.pool,
            exact=self.history == "exact" or not all(parts.data.values(s).plain for s in SIDES),
        )

    def _check(self, parts: Parts, maps: Mapping[str, Image]) -> None:
        """All that cyclic works with is there, and nothing that a recipe says is passed over."""
        if absent := [side for side in SIDES if side not in maps]:
            raise ContractError(
                f"cyclic translates between the maps `source` and `target`, and the data has no "
                f"`{absent[0]}`; it gives {', '.join(maps)}"
            )
        if ids := [side for side in SIDES if maps[side].ids]:
            raise ContractError(
                f"cyclic makes pictures of both sides, and the map `{ids[0]}` holds ids; use data "
                "whose source and target are pictures"
            )
        if parts.discriminator is None:
            raise ContractError(
                "cyclic knows what a side looks like from its discriminator alone; add "
                "discriminator: {use: patch}"
            )
        if parts.share_views is True:
            raise ContractError(
                "cyclic lets the generators step before the discriminators learn, so they have no "
                "views to share; use engine.share_views: auto"
            )
        other = maps["source"].channels != maps["target"].channels
        for name, spec in parts.conditions.items():
            if beyond := [wanted for wanted in spec.needs() if wanted != "source"]:
                raise ContractError(
                    f"cyclic has nothing but the picture that it translates, as the map source, "
                    f"and conditions.{name} needs {beyond[0]}; let it read source, or leave it out"
                )
            if spec.seen_by == "both":
                raise ContractError(
                    f"no picture of one side belongs to one of the other, so a discriminator can "
                    f"see no condition; say seen_by: generator in conditions.{name}"
                )
            if other and spec.learns():
                raise ContractError(
                    f"conditions.{name} learns from pictures of {maps['source'].channels} "
                    f"channels, and the other side has {maps['target'].channels}; leave it out"
                )


def _generators(
    parts: Parts, maps: Mapping[str, Image], both: tuple[Direction, ...]
) -> Iterator[Network]:
    for way in both:
        shown = {**maps, "source": maps[way.given]}
        channels = sum(spec.gives(shown).channels for spec in parts.conditions.values())
        given, wanted = maps[way.given].with_channels(channels), maps[way.wanted]
        spec = parts.generator
        yield Network(way.generator, "generator", spec, given, wanted, way.suffix)


def _discriminators(
    parts: Parts, maps: Mapping[str, Image], both: tuple[Direction, ...]
) -> Iterator[Network]:
    spec = parts.discriminator
    assert spec is not None, "_check() refuses it"
    for way in both:
        judged = maps[way.wanted]
        nothing = judged.with_channels(0)
        yield Network(way.discriminator, "discriminator", spec, nothing, judged, way.suffix)


class BothWays(LossSpec):
    """A loss of both directions."""

    per_phase = frozenset({"weight", "weight_b"})

    weight_b: float | None = Field(None, ge=0)
    """Factor of the term of side B, where it is not that of side A."""


class CycleSpec(BothWays, name="cycle"):
    """Mean absolute difference between a picture and what is left of it after a translation there
    and back (Zhu et al. 2017, eq. 2).
    """

    weight: float = Field(10.0, ge=0)
    """Factor of the term; of side A (A to B to A) alone where there is a weight_b."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        """The picture before and after."""
        return {"generator": frozenset({"given", "cycled"})}

    def build(self) -> LossFunction:
        """The terms cycle_A and cycle_B."""
        from gan_zoo_cyclegan.losses import Difference

        return Difference("cycle", "cycled", "given", weight=self.weight, weight_b=self.weight_b)


class IdentitySpec(BothWays, name="identity"):
    """Mean absolute difference between a picture that is of the wanted side already, and what a
    generator makes of it (Zhu et al. 2017, sec. 5.2). It keeps colors.
    """

    weight: float = Field(5.0, ge=0)
    """Factor of the term, half of the cycle's as published; of side A (what the generator a_to_b
    makes of B pictures) alone where there is a weight_b."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        """The picture before and after."""
        return {"generator": frozenset({"other", "same"})}

    def check(self, parts: Parts, wiring: Wiring) -> None:
        """What is compared must have the same channels."""
        maps = wiring.maps
        if any(side not in maps for side in SIDES):
            return  # nobody offers what it needs, which is said of every loss
        ours, theirs = (maps[side].channels for side in SIDES)
        if ours != theirs:
            raise ContractError(
                f"identity shows a generator pictures of the other side, and source has {ours} "
                f"channel{'s' * (ours != 1)}, target {theirs}; remove this loss (null)"
            )

    def build(self) -> LossFunction:
        """The terms idt_A and idt_B."""
        from gan_zoo_cyclegan.losses import Difference

        return Difference("idt", "same", "other", weight=self.weight, weight_b=self.weight_b)
