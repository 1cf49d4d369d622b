"""The menu of methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gan_zoo.errors import ContractError
from gan_zoo.specs import MethodSpec, Network, Size, Wiring

if TYPE_CHECKING:
    from gan_zoo.protocols import Method
    from gan_zoo.recipe.model import Recipe


class PairedSpec(MethodSpec, name="paired"):
    """One generator against one conditional discriminator, on pairs (Isola et al. 2017, sec. 3)."""

    turns: Literal["alternate"] = "alternate"
    """alternate: the discriminator steps first, the generator then learns from it as it is now."""

    def wire(self, recipe: Recipe, size: Size | None = None) -> Wiring:
        """Condition -> generator -> picture; condition and picture -> discriminator."""
        maps = recipe.data.maps(size)
        if "target" not in maps:
            raise ContractError(
                f"paired learns from a map `target`; the data gives {', '.join(maps)}"
            )
        target = maps["target"]
        made = {name: spec.gives(maps) for name, spec in recipe.conditions.items()}
        seen = [made[name] for name, spec in recipe.conditions.items() if spec.seen_by == "both"]
        condition = target.with_channels(sum(image.channels for image in made.values()))
        networks = [Network("generator", "generator", recipe.generator, condition, target)]
        scene = {"condition", "real", "fake", *maps}
        offers = {"generator": frozenset(scene)}
        if recipe.discriminator is not None:
            judged = target.with_channels(sum(image.channels for image in seen))
            networks.append(
                Network("discriminator", "discriminator", recipe.discriminator, judged, target)
            )
            views = frozenset(scene | {"fake_views", "real_views"})
            offers = {"generator": views, "discriminator": views}
        return Wiring(maps, made, tuple(networks), offers)

    def build(self, recipe: Recipe) -> Method:
        """The turns of both players."""
        from gan_zoo_methods.paired import Paired

        both = [name for name, spec in recipe.conditions.items() if spec.seen_by == "both"]
        return Paired(
            seen=both, judged=recipe.discriminator is not None, conditions=list(recipe.conditions)
        )
