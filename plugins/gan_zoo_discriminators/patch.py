"""PatchGAN and PixelGAN: discriminators of one scale that judge small parts of a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gan_zoo.components import Norm, conv_norm_activation


class Beside(nn.Module):
    """A discriminator that may be given several pictures beside one condition.

    Args:
        takes_several: Whether it may; a spectral norm, which takes a turn of its iteration for
            every one, may not.
    """

    def __init__(self, *, takes_several: bool) -> None:
        super().__init__()
        self._takes_several = takes_several

    @property
    def takes_several(self) -> bool:
        """Whether it may; an heir with a forward of its own may not, which knows of one picture."""
        ours: Any = next(kind for kind in type(self).__mro__ if Beside in kind.__bases__)
        return self._takes_several and type(self).forward is ours.forward


class SingleScale(Beside):
    """Feature maps, each made of the one before, and logits of the last.

    Condition `B C H W` and picture `B D H W` -> one scale of feature maps and logits. Of several
    pictures beside one condition: that for each of them, and what the first convolution makes of
    the condition is computed once, since it is linear.

    Args:
        features: The layers that make them.
        head: Makes logits of the last.
        conditional: Whether the condition is looked at.
        takes_several: Whether it may be given several pictures.
    """

    def __init__(
        self,
        *,
        features: Iterable[nn.Sequential],
        head: nn.Module,
        conditional: bool,
        takes_several: bool,
    ) -> None:
        super().__init__(takes_several=takes_several)
        self.conditional = conditional
        self.features = nn.ModuleList(features)
        self.head = head

    def forward(
        self, condition: Tensor, picture: Tensor | Sequence[Tensor]
    ) -> list[list[Tensor]] | list[list[list[Tensor]]]:
        """Judge a batch, or several."""
        if isinstance(picture, Tensor):
            layers = (*self.features, self.head)
            return [views(seen(condition, picture, self.conditional), layers)]
        if not self.conditional or not condition.shape[1]:
            return [[views(one, (*self.features, self.head))] for one in picture]
        first: Any = self.features[0]
        layers = first[1:], *self.features[1:], self.head
        return [[views(one, layers)] for one in beside(condition, picture, first.conv)]


class PatchDiscriminator(SingleScale):
    """A logit for every overlapping patch (Isola et al. 2017, sec. 3.2.2 and 6.1.2).

    Condition `B C H W` and picture `B D H W` -> one scale of feature maps `B E h w`, each after its
    LeakyReLU, and logits `B 1 h w`. Every layer but the last feature map's and the head halves.

    Args:
        channels_in: C + D, or D alone where it is not conditional.
        layers: Number of halvings; there is one feature map more.
        width: Channels E of the first feature map; they double up to the cap.
        max_width: The cap.
        norm: Norm of every feature map but the first.
        padding: Zeros around every layer, 1 (pix2pix) or 2 (pix2pixHD).
        bias: Whether the normed layers have a bias; the first layer and the head always do.
        spectral: Whether every convolution is divided by its spectral norm.
        conditional: Whether the condition is looked at.
    """

    def __init__(
        self,
        *,
        channels_in: int,
        layers: int,
        width: int,
        max_width: int,
        norm: Norm,
        padding: int,
        bias: bool,
        spectral: bool,
        conditional: bool,
    ) -> None:
        widths = [width, *(min(width * 2**i, max_width) for i in range(1, layers + 1))]
        features = [
            layer(
                convolution(
                    channels,
                    wider,
                    4,
                    stride=2 if i < layers else 1,
                    padding=padding,
                    bias=bias or i == 0,
                    spectral=spectral,
                ),
                norm if i > 0 else "none",
            )
            for i, (channels, wider) in enumerate(pairwise([channels_in, *widths]))
        ]
        head = convolution(widths[-1], 1, 4, padding=padding, bias=True, spectral=spectral)
        super().__init__(
            features=features, head=head, conditional=conditional, takes_several=not spectral
        )


class PixelDiscriminator(SingleScale):
    """A logit for every pixel, from 1x1 convolutions (Isola et al. 2017, sec. 4.4 and 6.1.2).

    Condition `B C H W` and picture `B D H W` -> one scale of feature maps `B h H W`, `B 2h H W`,
    each after its LeakyReLU, and logits `B 1 H W`.

    Args:
        channels_in: C + D, or D alone where it is not conditional.
        width: h.
        norm: Norm of the second feature map.
        bias: Whether the second layer and the head have a bias. That the head's goes with the
            norm is the published code's; the PatchGAN's head always has one.
        spectral: Whether every convolution is divided by its spectral norm.
        conditional: Whether the condition is looked at.
    """

    def __init__(
        self,
        *,
        channels_in: int,
        width: int,
        norm: Norm,
        bias: bool,
        spectral: bool,
        conditional: bool,
    ) -> None:
        features = [
            layer(convolution(channels_in, width, 1, bias=True, spectral=spectral), "none"),
            layer(convolution(width, 2 * width, 1, bias=bias, spectral=spectral), norm),
        ]
        head = convolution(2 * width, 1, 1, bias=bias, spectral=spectral)
        super().__init__(
            features=features, head=head, conditional=conditional, takes_several=not spectral
        )


def convolution(
    channels_in: int,
    channels_out: int,
    kernel: int,
    *,
    stride: int = 1,
    padding: int = 0,
    bias: bool,
    spectral: bool,
) -> nn.Conv2d:
    """A convolution; with `spectral`, its weight divided by its largest singular value, so that the
    layer stretches no difference (Miyato et al. 2018).

    That value follows from a power iteration, one turn of it every time the layer computes in
    training; where it rests or is evaluated, the iteration rests.
    """
    conv = nn.Conv2d(channels_in, channels_out, kernel, stride=stride, padding=padding, bias=bias)
    if spectral:
        spectral_norm(conv)
    return conv


def layer(conv: nn.Conv2d, norm: Norm) -> nn.Sequential:
    """Convolution, norm, LeakyReLU 0.2: one feature map."""
    return conv_norm_activation(conv, norm, conv.out_channels, nn.LeakyReLU(0.2))


def seen(condition: Tensor, picture: Tensor, conditional: bool) -> Tensor:
    """What the first layer sees: the condition first, then the picture, as published."""
    if not conditional or not condition.shape[1]:
        return picture
    return torch.cat([condition, picture.to(condition.dtype)], dim=1)


def views(x: Tensor, layers: Iterable[nn.Module]) -> list[Tensor]:
    """The output of every layer, first layer first."""
    made = []
    for make in layers:
        x = make(x)
        made.append(x)
    return made


def beside(condition: Tensor, pictures: Sequence[Tensor], conv: nn.Conv2d) -> list[Tensor]:
    """What a convolution makes of the condition with each picture behind it, of its channels."""
    known = condition.shape[1]
    of_condition, of_picture = conv.weight[:, :known], conv.weight[:, known:]
    made = partial(F.conv2d, stride=conv.stride, padding=conv.padding)
    shared = made(condition, of_condition, conv.bias)
    return [made(picture, of_picture).add_(shared) for picture in pictures]
