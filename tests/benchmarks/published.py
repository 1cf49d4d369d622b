"""The training steps of pix2pix and pix2pixHD as they were published, written out plainly.

What our engine is held against: the same networks, from the same recipes, stepped as the papers'
programs step theirs. Nothing is shared that they do not share: the discriminator sees the fake
detached, the real picture, and the fake once more; it is handed condition and picture as one
tensor; where a program computes gradients of weights that it then drops, they are computed here
too. Numbers are float32, tensors contiguous, Adam is torch's default, and nothing is read.

Of the discriminators only the layers are taken, and called here one after the other, so that what
our own passes come to do differently does not change what they are compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

RATE, BETAS = 2e-4, (0.5, 0.999)  # of both programs' Adam
LAMBDA_L1 = 100
LAMBDA_FEATURES = 10  # of feature matching and of the perceptual loss
LEVELS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1)  # of the perceptual loss, relu1_1 to relu5_1

Terms = dict[str, Tensor]


class Pix2pix:
    """Isola et al. 2017, sec. 3, in the order of the authors' PyTorch program: the discriminator
    steps, then the generator against the discriminator as it is now, which rests meanwhile.

    Args:
        generator: Pictures `B C H W -> B D H W`.
        discriminator: A PatchGAN, of which `features` and `head` are called.
    """

    def __init__(self, generator: nn.Module, discriminator: nn.Module) -> None:
        self.generator = generator
        self.discriminator = discriminator
        self.optimizers = _adams(generator, discriminator)

    def loaded(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Maps as ours are read, 8 bit -> as the program's loader hands them over, in [-1, 1]."""
        dtype = _dtype(self.generator)
        return {name: _picture(tensor, dtype) for name, tensor in maps.items()}

    def step(self, batch: Mapping[str, Tensor]) -> Terms:
        """One step of both players; its terms."""
        condition, real = batch["source"], batch["target"]
        fake = self.generator(condition)

        _rest(self.discriminator, False)
        self.optimizers["discriminator"].zero_grad()
        judged_fake = self._judge(torch.cat([condition, fake], 1).detach())
        d_fake = F.softplus(judged_fake).mean()
        judged_real = self._judge(torch.cat([condition, real], 1))
        d_real = F.softplus(-judged_real).mean()
        ((d_fake + d_real) * 0.5).backward()
        self.optimizers["discriminator"].step()

        _rest(self.discriminator, True)
        self.optimizers["generator"].zero_grad()
        gan = F.softplus(-self._judge(torch.cat([condition, fake], 1))).mean()
        l1 = F.l1_loss(fake, real) * LAMBDA_L1
        (gan + l1).backward()
        self.optimizers["generator"].step()
        return {"D_fake": d_fake, "D_real": d_real, "G_GAN": gan, "G_L1": l1}

    def _judge(self, both: Tensor) -> Tensor:
        """Condition and picture `B C+D H W` -> logits `B 1 h w`."""
        return _features(self.discriminator, both)[-1]


class Pix2pixHD:
    """Wang et al. 2018, sec. 3, in the order of the authors' program: one forward of everything,
    then the generator steps, then the discriminator. It does not rest while the generator goes
    backward, and the gradients that its weights get then are dropped.

    Args:
        generator: Conditions `B C H W -> B D H W`.
        discriminator: Of several scales, the coarsest first, of each of which `features` and
            `head` are called.
        vgg: Pictures -> features of five levels; frozen.
        classes: Of the label map.
    """

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, vgg: nn.Module, classes: int
    ) -> None:
        self.generator = generator
        self.discriminator = discriminator
        self.vgg = vgg
        self.classes = classes
        self.optimizers = _adams(generator, discriminator)

    def loaded(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Maps as ours are read -> as the program's loader hands them over: the picture in [-1, 1],
        ids as floats.
        """
        dtype = _dtype(self.generator)
        ids = {name: maps[name].to(dtype) for name in ("label", "instance")}
        return {**ids, "target": _picture(maps["target"], dtype)}

    def step(self, batch: Mapping[str, Tensor]) -> Terms:
        """One step of both players; its terms."""
        condition, real = self._condition(batch), batch["target"]
        fake = self.generator(condition)

        judged_aside = self._judge(condition, fake.detach())
        d_fake = _squares(judged_aside, 0.0)
        judged_real = self._judge(condition, real)
        d_real = _squares(judged_real, 1.0)
        judged_fake = self._judge(condition, fake)
        gan = _squares(judged_fake, 1.0)
        features = self._matching(judged_fake, judged_real)
        perceptual = self._perceptual(fake, real)

        self.optimizers["generator"].zero_grad()
        (gan + features + perceptual).backward()
        self.optimizers["generator"].step()
        self.optimizers["discriminator"].zero_grad()  # with what it got just now
        ((d_fake + d_real) * 0.5).backward()
        self.optimizers["discriminator"].step()
        told = {"G_GAN": gan, "G_GAN_Feat": features, "G_VGG": perceptual}
        return {**told, "D_real": d_real, "D_fake": d_fake}

    def _condition(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Labels, a channel each, and the edges of instances: `B classes+1 H W`."""
        label, instance = batch["label"], batch["instance"]
        size = label.shape[0], self.classes, *label.shape[2:]
        hot = label.new_zeros(size).scatter_(1, label.long(), 1.0)
        edge = torch.zeros_like(instance, dtype=torch.bool)
        across = instance[..., :, 1:] != instance[..., :, :-1]
        down = instance[..., 1:, :] != instance[..., :-1, :]
        edge[..., :, 1:] |= across
        edge[..., :, :-1] |= across
        edge[..., 1:, :] |= down
        edge[..., :-1, :] |= down
        return torch.cat([hot, edge.to(hot)], 1)

    def _judge(self, condition: Tensor, picture: Tensor) -> list[list[Tensor]]:
        """Features and logits of every scale, full resolution first."""
        both = torch.cat([condition, picture], 1)
        scales: Any = self.discriminator.scales
        judged = []
        for number, judge in enumerate(reversed(scales)):
            if number:
                both = F.avg_pool2d(both, 3, stride=2, padding=1, count_include_pad=False)
            judged.append(_features(judge, both))
        return judged

    def _matching(self, fake: list[list[Tensor]], real: list[list[Tensor]]) -> Tensor:
        total: Any = 0
        for ours, theirs in zip(fake, real, strict=True):
            factor = 1 / len(fake) * 4 / (len(ours) - 1) * LAMBDA_FEATURES
            for made, wanted in zip(ours[:-1], theirs[:-1], strict=True):
                total = total + factor * F.l1_loss(made, wanted.detach())
        return total

    def _perceptual(self, fake: Tensor, real: Tensor) -> Tensor:
        made, wanted = self.vgg(fake), self.vgg(real)
        total: Any = 0
        for factor, ours, theirs in zip(LEVELS, made, wanted, strict=True):
            total = total + factor * F.l1_loss(ours, theirs.detach())
        return total * LAMBDA_FEATURES


def activate_in_place(*networks: nn.Module) -> None:
    """Have activations write over what they are given, as the programs have them do. In a U-Net
    that goes for the skips too, which is equal, since a ReLU follows there.
    """
    for network in networks:
        for layer in network.modules():
            if isinstance(layer, (nn.ReLU, nn.LeakyReLU)):
                layer.inplace = True


def _adams(generator: nn.Module, discriminator: nn.Module) -> dict[str, torch.optim.Optimizer]:
    players = {"generator": generator, "discriminator": discriminator}
    return {
        name: torch.optim.Adam(player.parameters(), lr=RATE, betas=BETAS)
        for name, player in players.items()
    }


def _rest(network: nn.Module, rests: bool) -> None:
    for parameter in network.parameters():
        parameter.requires_grad = not rests


def _features(patch: nn.Module, x: Tensor) -> list[Tensor]:
    """What every layer of a PatchGAN makes, the logits last."""
    layers: Any = patch.features
    made = []
    for layer in (*layers, patch.head):
        x = layer(x)
        made.append(x)
    return made


def _squares(judged: list[list[Tensor]], wanted: float) -> Tensor:
    """Mean square of each scale's logits from what is wanted, summed over the scales."""
    total: Any = 0
    for view in judged:
        total = total + F.mse_loss(view[-1], torch.full_like(view[-1], wanted))
    return total


def _picture(read: Tensor, dtype: torch.dtype) -> Tensor:
    return read.to(dtype).div(127.5).sub(1)


def _dtype(network: nn.Module) -> torch.dtype:
    return next(network.parameters()).dtype
