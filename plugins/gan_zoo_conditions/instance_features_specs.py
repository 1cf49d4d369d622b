"""The menu of conditions that look at the picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, PositiveInt

from gan_zoo.components import (
    ConditionSpec,
    ContractError,
    Image,
    Norm,
    Published,
    Reading,
    Shapes,
    Size,
)
from gan_zoo_conditions.published import encoder_keys, read_encoder
from gan_zoo_conditions.specs import _kind, _others

if TYPE_CHECKING:
    from torch import nn


class InstanceFeaturesSpec(ConditionSpec, name="instance_features"):
    """What the picture looks like, instance by instance (Wang et al. 2018, sec. 3.4): an encoder,
    which learns through the generator, makes features of the target, and every pixel is shown the
    mean of its instance.

    A translation has no target: it is told the features as styles, `--style` of `gan-zoo
    translate`, once `gan-zoo features` has gathered some; without a style it takes their mean over
    the class, and where nothing was gathered zeros, the middle of their range.
    """

    exportable = True
    per_phase = frozenset({"frozen_at"})

    seen_by: Literal["both", "generator"] = "generator"
    """Whether the discriminator sees it too."""
    over: str = "instance"
    """The map of ids whose pixels share their features: `instance`, or `label` for a class each."""
    channels: PositiveInt = 3
    """How many features."""
    width: PositiveInt = 16
    """Channels of the encoder at full size; they double with every halving."""
    downsamplings: PositiveInt = 4
    """How often the encoder halves the picture before it doubles it again."""
    norm: Norm = "instance"
    """Norm of the encoder."""
    frozen_at: Size | None = Field(None, examples=[[16, 16]])
    """The encoder rests and sees the picture at this [height, width] (bicubic, ids nearest), the
    size it has learned at, whatever the aspect ratio; its means are painted at full size. A phase
    may set it."""

    @classmethod
    def example(cls) -> Self:
        """A narrow encoder that halves once."""
        return cls(width=2, downsamplings=1)

    def needs(self) -> tuple[str, ...]:
        """The picture and the ids."""
        return ("target", self.over)

    def asks(self) -> tuple[str, ...]:
        """The ids; in place of the picture there are styles."""
        return (self.over,)

    def learns(self) -> bool:
        """Its encoder does, unless it is frozen."""
        return self.frozen_at is None

    def styles(self) -> str:
        """The map of ids that have features each."""
        return self.over

    def gives(self, maps: Mapping[str, Image]) -> Image:
        """So many channels."""
        image, picture = maps[self.over], maps["target"]
        if not image.ids:
            raise ContractError(
                f"instance_features takes means over ids, and {self.over} holds {_kind(image)}; "
                + _others(maps, [name for name, other in maps.items() if other.ids], "over"),
                option="over",
            )
        if picture.ids:
            raise ContractError(
                f"instance_features encodes colors, and target holds {_kind(picture)}; leave it out"
            )
        self._check_size(picture)
        return image.with_channels(self.channels)

    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        """Named maps -> features `B C H W`."""
        from gan_zoo_conditions.instance_features import Encoder

        encoder = Encoder(
            channels_in=maps["target"].channels,
            channels=self.channels,
            width=self.width,
            downsamplings=self.downsamplings,
            norm=self.norm,
        )
        slots = maps[self.over].instances or maps[self.over].classes
        assert slots is not None, "gives() refuses it"
        return self._around(encoder, slots)

    def playing_part(self, module: nn.Module) -> nn.Module:
        """The same encoder, frozen or not."""
        built: Any = module
        same = built.frozen_at == self.frozen_at
        return module if same else self._around(built.encoder, built.slots)

    def published(self, maps: Mapping[str, Image]) -> list[Published]:
        """pix2pixHD's encoder, latest_net_E.pth."""
        if self.norm == "group":
            return []
        return [Published("E", encoder_keys(self.downsamplings, self.norm))]

    @classmethod
    def recognize(cls, shapes: Shapes) -> Reading | None:
        """Of the published pix2pixHD."""
        return read_encoder(shapes)

    def _around(self, encoder: nn.Module, slots: int) -> nn.Module:
        from gan_zoo_conditions.instance_features import InstanceFeatures

        return InstanceFeatures(
            encoder=encoder,
            over=self.over,
            slots=slots,
            channels=self.channels,
            frozen_at=self.frozen_at,
        )

    def _check_size(self, picture: Image) -> None:
        """The encoder can work at the size it sees."""
        height, width = self.frozen_at or (picture.height, picture.width)
        option = "frozen_at" if self.frozen_at else ""
        if height is None or width is None:
            return
        if min(height, width) < 4:
            raise ContractError(
                f"instance_features pads by 3 pixels of reflection, and the picture is {height}x"
                f"{width}; use sides of 4 or more",
                option=option,
            )
        if max(height, width) <= 2**self.downsamplings:
            most = (max(height, width) - 1).bit_length() - 1
            raise ContractError(
                f"downsamplings {self.downsamplings} leave one pixel of a picture of {height}x"
                f"{width}; use downsamplings <= {most}",
                option="downsamplings",
            )
