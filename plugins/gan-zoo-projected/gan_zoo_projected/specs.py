"""The menu of discriminators on frozen features, and beside others: what a recipe may say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PositiveInt, Strict, model_validator

from gan_zoo.components import (
    Augments,
    ContractError,
    DiscriminatorSpec,
    Image,
    Single,
    UserError,
    backbones,
    on_meta,
)

if TYPE_CHECKING:
    from typing import Self

    from torch import nn

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]  # a step of a path, as in a recipe
# Lists of options, which YAML knows and tuples keep.
Level = Annotated[int, Field(ge=1, le=5)]
Levels = Annotated[tuple[Level, ...], Strict(False), Field(min_length=1)]


class ProjectedSpec(Single, name="projected"):
    """Small heads on the features of a frozen network, randomly mixed (Sauer et al. 2021), of
    augmented pictures (Zhao et al. 2020).
    """

    backbone: str = Field("tf_efficientnet_lite0", examples=["test_resnet"])
    """A convolutional model of timm; published: EfficientNet-Lite0 (tf_efficientnet_lite0)."""
    weights: Literal["imagenet", "none"] | str = "imagenet"
    """`imagenet` (timm's own, from its cache), a file with the model's state dict, or `none`:
    random ones that follow from the seed. Never learned, and saved with the run.
    """
    levels: Levels = Field((2, 3, 4, 5), examples=[(1, 2)])
    """Which features, in rising order: k stands for those at 1/2^k of the sides; published: 1/4 to
    1/32. Both sides must have 2^k pixels for the deepest.
    """
    mixing: Literal["scales", "channels", "none"] = "scales"
    """Fixed random projections of the features: across channels and scales (published), across
    channels alone, or none.
    """
    width: PositiveInt = 64
    """Channels of the heads, and of the finest mixed features, which double with every level up to
    8 times as many.
    """
    augment: Augments = ("color", "translation", "cutout")
    """What is changed at random, by draws of their own for real and fake, in this order: all three
    (published), or some, or none ([]). Only without them are there features besides the logits for
    losses that match those of fake and real, which must be of pictures that are changed alike.
    Where `method.augment` is said, pictures come changed already: `[]` leaves it at that.
    """
    conditional: bool = True
    """Whether every head sees the condition, averaged to its size, beside the features."""

    @model_validator(mode="after")
    def _levels_rise(self) -> Self:
        levels = list(self.levels)
        if levels != sorted(set(levels)):
            raise ValueError(f"levels {levels} came; name each once, in rising order")
        return self

    @classmethod
    def example(cls) -> Self:
        """A backbone that timm has for tests, without weights that were learned."""
        return cls(backbone="test_byobnet", weights="none", levels=(2,), width=4)

    def check(self, given: Image, wanted: Image) -> None:
        """timm must have the model, it must be able to see the picture, and every level must have
        something to judge.
        """
        backbones.require_model(self.backbone)
        if wanted.channels not in (1, 3):
            raise ContractError(
                f"{self.backbone} sees RGB, or gray as such, and the picture has {wanted.channels} "
                "channels; use another discriminator, as patch",
                option="backbone",
            )
        deepest = self.levels[-1]
        sides = [side for side in (wanted.height, wanted.width) if side is not None]
        if sides and min(sides) < 2**deepest:
            fitting = [level for level in self.levels if 2**level <= min(sides)]
            cure = f", or levels {fitting}" if fitting else ", or the discriminator `patch`"
            raise ContractError(
                f"level {deepest} is at 1/{2**deepest} of the sides, and a picture smaller than "
                f"{2**deepest}x{2**deepest} has none; it has {wanted}. Use a larger picture{cure}",
                option="levels",
            )

    def views(self, given: Image, wanted: Image) -> list[list[Image]]:
        """One view: the feature maps of every head where nothing is augmented, then the logits, a
        channel for each level.
        """
        deepest = self.levels[-1]
        # A head's first map has the size of its level, each further one half of it.
        maps = [
            _at(wanted, level).with_channels(self.width)
            for first in ([] if self.augment else self.levels)
            for level in range(first, deepest + 1)
        ]
        return [[*maps, _at(wanted, deepest).with_channels(len(self.levels))]]

    def receptive_field(self) -> int:
        """Followed through the layers, in which what sees a whole picture, as squeeze and
        excitation does, is left out.
        """
        alike = {"weights": "none", "width": 1, "augment": (), "conditional": False}
        return _field(self.model_copy(update=alike))

    def missing(self) -> list[str]:
        """The file of the weights, where it is not at hand."""
        if self.weights == "none" or self._file() is not None:
            return []
        cure = "Or set weights to a file, or to none for random ones"
        if self.weights == "imagenet":
            return [f"{backbones.how_to_fetch(self.backbone)}. {cure}"]
        return [
            f"weights: there is no file {self.weights}; give a .safetensors or .pth with the state "
            f"dict of timm's {self.backbone}. {cure}"
        ]

    def with_absolute_paths(self) -> Self:
        """The same from any working directory: the file's path made absolute."""
        if self.weights in ("imagenet", "none"):
            return self
        path = Path(self.weights).expanduser().resolve()
        return self.model_copy(update={"weights": str(path)})

    def notes(self) -> list[str]:
        """Random features are no learned ones."""
        if self.weights != "none":
            return []
        return [f"random features: weights none, so {self.backbone} has learned nothing"]

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A ProjectedDiscriminator.

        Raises:
            ContractError: the model has no such features, or sees pictures of one size only: only
                timm can tell.
        """
        from gan_zoo_projected.augment import Augment
        from gan_zoo_projected.backbone import Frozen, Normalize, build_backbone_of, plan_backbone
        from gan_zoo_projected.projected import Mixing, ProjectedDiscriminator

        known = plan_backbone(self.backbone, self.levels)
        widths = [self.width * 2 ** min(n, 3) for n in range(len(self.levels))]
        mixing = None
        if self.mixing != "none":
            across = self.mixing == "scales"
            mixing = Mixing(channels=known.channels, widths=widths, across_scales=across)
        return ProjectedDiscriminator(
            augment=Augment(changes=self.augment),
            normalize=Normalize(mean=known.mean, deviation=known.deviation),
            backbone=Frozen(
                network=build_backbone_of(self.backbone, known.indices), name=self.backbone
            ),
            levels=self.levels,
            mixing=mixing,
            channels=widths if mixing else known.channels,
            channels_seen=given.channels if self.conditional else 0,
            width=self.width,
            shows_features=not self.augment,
        )

    def fetch(self, module: nn.Module) -> None:
        """Fill the backbone."""
        if self.weights == "none":
            return
        from gan_zoo.components import pretrained

        path = self._file()
        if path is None:
            raise UserError(self.missing()[0])
        frozen = module.get_submodule("backbone")
        own = self.weights == "imagenet"
        pretrained.fill_backbone(frozen, self.backbone, path, channels_in=3, own=own)

    def _file(self) -> Path | None:
        """The file of the weights; None where it is not at hand."""
        if self.weights == "imagenet":
            from gan_zoo.components import pretrained  # seconds, and torch

            return pretrained.cached_weights(self.backbone)
        path = Path(self.weights).expanduser()
        return path if path.is_file() else None


class TogetherSpec(DiscriminatorSpec, name="together"):
    """Several discriminators of any kind that judge the same condition and picture, each its own
    way. Their views are joined.
    """

    judges: dict[Name, DiscriminatorSpec] = Field(
        min_length=1, examples=[{"wide": {"use": "pixel", "width": 3}}]
    )
    """The discriminators by name; phases can name them as parts."""

    @classmethod
    def example(cls) -> Self:
        """A small one of two built-in kinds."""
        patch, pixel = {"use": "patch", "layers": 1, "width": 4}, {"use": "pixel", "width": 2}
        return cls.model_validate({"judges": {"patches": patch, "pixels": pixel}})

    def check(self, given: Image, wanted: Image) -> None:
        """Each must be able to judge."""
        for name, judge in self.judges.items():
            with _named(name):
                judge.check(given, wanted)

    def views(self, given: Image, wanted: Image) -> list[list[Image]]:
        """Those of all, in order."""
        return [view for judge in self.judges.values() for view in judge.views(given, wanted)]

    def receptive_field(self) -> int:
        """That of the first."""
        return next(iter(self.judges.values())).receptive_field()

    def parts(self) -> Mapping[str, str]:
        """Every judge by its name, with its own parts."""
        found = {}
        for (name, judge), path in zip(self.judges.items(), self._paths(), strict=True):
            found[name] = path
            found |= {f"{name}.{part}": f"{path}.{own}" for part, own in judge.parts().items()}
        return found

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A Together.

        Raises:
            ContractError: only building one of them could tell that it cannot be built.
        """
        from gan_zoo_projected.together import Together

        judges = []
        for name, judge in self.judges.items():
            with _named(name):
                judges.append(judge.build(given, wanted))
        return Together(judges=judges)

    def fetch(self, module: nn.Module) -> None:
        """What each learned elsewhere."""
        for judge, path in zip(self.judges.values(), self._paths(), strict=True):
            judge.fetch(module.get_submodule(path))

    def playing_part(self, module: nn.Module) -> nn.Module:
        """What plays of each."""
        from gan_zoo_projected.together import Together

        own = [module.get_submodule(path) for path in self._paths()]
        return Together(
            judges=[j.playing_part(m) for j, m in zip(self.judges.values(), own, strict=True)]
        )

    def _paths(self) -> Iterator[str]:
        """Where the judges lie in the module; by number, since a module takes not every name."""
        return (f"judges.{n}" for n in range(len(self.judges)))


@contextmanager
def _named(name: str) -> Iterator[None]:
    """What is refused in here is told of the judge."""
    try:
        yield
    except ContractError as problem:
        option = ".".join(filter(None, ("judges", name, problem.option)))
        raise ContractError(str(problem), option=option) from None


def _at(wanted: Image, level: int) -> Image:
    """The picture at 1/2^level of the sides, rounded up."""
    height, width = (
        None if side is None else -(-side // 2**level) for side in (wanted.height, wanted.width)
    )
    return wanted.resized(height, width)


@cache
def _field(spec: ProjectedSpec) -> int:
    """Its receptive field. Other options than those of the layers are expected to be alike."""
    from gan_zoo_projected.field import receptive_field

    with on_meta():
        module = spec.build(Image(0), Image(3))
    return receptive_field(module, multiple=2 ** spec.levels[-1])
