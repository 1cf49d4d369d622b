"""The variants of an ablation, each a recipe whose contracts hold, with its budget. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gan_zoo.ablation.file import AblationFile
from gan_zoo.recipe.source import Source
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.registry.zoo import Zoo


@dataclass(frozen=True)
class Variant:
    """A variant that could be trained.

    Args:
        name: Of the variant.
        factors: Factor of the grid -> its level; empty of one under `vary`.
        changes: To the base, a line each, as `generator.use: encoder_decoder`.
        source: Of its recipe: every value with its place. Its notes say what the budget made of
            the phases.
        wired: The recipe, whose contracts hold.
    """

    name: str
    factors: Mapping[str, str]
    changes: tuple[str, ...]
    source: Source
    wired: WiredRecipe


@dataclass(frozen=True)
class Variants:
    """All variants of a file.

    Args:
        variants: Those that could be trained, in the order of the table.
        left_out: Variant -> why its contracts do not hold, where the file says `impossible: list`.
    """

    variants: tuple[Variant, ...]
    left_out: Mapping[str, str]


def make_variants(
    file: AblationFile, *, seconds: Mapping[str, float] | None = None, zoo: Zoo | None = None
) -> Variants:
    """Make a file's variants, and judge their contracts.

    Args:
        file: The ablation.
        seconds: Variant -> measured seconds a step, for a budget of minutes. Without them such a
            budget is not applied yet: the variants are as long as their base.
        zoo: The components; the installed ones if absent.

    Raises:
        RecipeError: every broken contract of every variant, those of its scores among them, each
            with the line of the file or of its base; two variants that are the same recipe; a
            reference that is impossible.
        UserError: the data is not at hand, and the budget needs its number of samples.
    """
    raise NotImplementedError
