"""The menu of methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from gan_zoo.components import Augments, ContractError, MethodSpec, Network, Parts, Wiring

if TYPE_CHECKING:
    from gan_zoo.components import Method


Turns = Literal["alternate", "simultaneous", "generator_first"]


class PairedSpec(MethodSpec, name="paired"):
    """One generator against one conditional discriminator, on pairs (Isola et al. 2017, sec. 3;
    Wang et al. 2018, sec. 3)."""

    earlier: ClassVar[Mapping[str, str]] = {"history": "exact"}

    turns: Turns = "alternate"
    """alternate (pix2pix): the discriminator steps first, the generator then learns from it as it
    is now; simultaneous (pix2pixHD): both learn from both as they are, then both step;
    generator_first: the generator steps first, the discriminator then learns from a picture that
    it makes anew."""
    pool: int = Field(0, ge=0)
    """Earlier fakes that are held and shown to the discriminator in place of half of the new ones;
    0 for none, as in both papers."""
    history: Literal["8-bit", "exact"] = "8-bit"
    """How the pool holds them, in main memory and in checkpoints: in 8 bits with the maps that they
    were made of, or as they are with all that the discriminator saw, as are those of targets whose
    files hold other numbers than 0 to 255."""
    augment: Augments = Field((), examples=[("color", "translation", "cutout")])
    """What is changed at random of all that the discriminator sees, in both turns, with gradients
    through the change (Zhao et al. 2020, sec. 3), in this order: `color` of the pictures,
    `translation` and `cutout` of conditions and pictures alike; all three as published, or none.
    Ours are one draw a turn for real and fake, so that their features may be matched, and what is
    done to conditions, which the paper has none of. A discriminator that augments by itself, as
    `projected/projected` by default, changes pictures once more: give it `augment: []`."""

    def wire(self, parts: Parts) -> Wiring:
        """Condition -> generator -> picture; condition and picture -> discriminator."""
        self._check_sharing(parts)
        if not parts.data.paired:
            raise ContractError(
                f"paired learns from inputs with their targets, and {parts.data.name} pairs none; "
                "use data of pairs, or a method that needs none"
            )
        maps = parts.data.maps(parts.size)
        if "target" not in maps:
            raise ContractError(
                f"paired learns from a map `target`; the data gives {', '.join(maps)}"
            )
        target = maps["target"]
        made = {name: spec.gives(maps) for name, spec in parts.conditions.items()}
        seen = [made[name] for name, spec in parts.conditions.items() if spec.seen_by == "both"]
        condition = target.with_channels(sum(image.channels for image in made.values()))
        networks = [Network("generator", "generator", parts.generator, condition, target)]
        scene = {"condition", "real", "fake", "step", *maps}
        offers = {"generator": frozenset(scene)}
        if parts.discriminator is not None:
            judged = target.with_channels(sum(image.channels for image in seen))
            networks.append(
                Network("discriminator", "discriminator", parts.discriminator, judged, target)
            )
            views = frozenset(scene | {"fake_views", "real_views"})
            offers = {"generator": views, "discriminator": views | {"judge"}}
        return Wiring(maps, made, tuple(networks), offers)

    def build(self, parts: Parts) -> Method:
        """Scenes and turns."""
        from gan_zoo_methods.history import History
        from gan_zoo_methods.paired import Paired

        both = {name: spec for name, spec in parts.conditions.items() if spec.seen_by == "both"}
        still = {name for name, spec in both.items() if not (spec.by_chance or spec.learns())}
        again = {name: both[name].needs() for name in both if name in still}
        exact = self.history == "exact" or not parts.data.values("target").plain
        return Paired(
            conditions=list(parts.conditions),
            seen=list(both),
            judged=parts.discriminator is not None,
            turns=self.turns,
            history=History(self.pool, exact=exact, seen=list(both), again=again),
            augment=self.augment,
        )

    def _check_sharing(self, parts: Parts) -> None:
        """What is asked for can be done: nothing that a recipe says is passed over."""
        if parts.discriminator is None and self.pool:
            told = f"pool {self.pool} holds fakes for a discriminator, and there is none"
            raise ContractError(f"{told}; leave `pool` out", option="pool")
        if parts.discriminator is None and self.augment:
            told = f"augment {list(self.augment)} changes what a discriminator sees"
            cure = "leave `augment` out; data.augment changes samples"
            raise ContractError(f"{told}, and there is none; {cure}", option="augment")
        if parts.share_views is not True:
            return
        if self.turns != "simultaneous":
            first = "generator" if self.turns == "generator_first" else "discriminator"
            raise ContractError(
                f"{self.turns} judges a fake anew after the {first}'s step, so there are no views "
                "to share; use turns: simultaneous, or engine.share_views: auto",
                option="turns",
            )
        if self.pool:
            raise ContractError(
                f"pool {self.pool} shows the discriminator other fakes than the generator learns "
                "from, so they share no views; use pool: 0, or engine.share_views: auto",
                option="pool",
            )
