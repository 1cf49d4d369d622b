"""The menu of optimizers and inits: what a recipe may say of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, Strict, model_validator

from gan_zoo.components import InitSpec, OptimizerSpec

if TYPE_CHECKING:
    from typing import Self

    import torch
    from torch import nn

Fraction = Annotated[float, Field(ge=0, lt=1)]
# YAML knows lists only; inside, the numbers stay strict.
Betas = Annotated[tuple[Fraction, Fraction], Strict(False)]


# ---------------------------------------------------------------------------------- optimizers


class AdamSpec(OptimizerSpec, name="adam"):
    """Adam (Kingma and Ba 2015), with the momentum of both papers."""

    betas: Betas = (0.5, 0.999)
    """Decay of the running mean of the gradient and of its square."""
    eps: float = Field(1e-8, gt=0)
    """Added to the root of the mean square."""
    weight_decay: float = Field(0.0, ge=0)
    """Factor of the weights that is added to their gradient."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """The framework's."""
        from torch.optim import Adam

        return Adam(
            parameters, lr=self.lr, betas=self.betas, eps=self.eps, weight_decay=self.weight_decay
        )


class AdamWSpec(OptimizerSpec, name="adamw"):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019)."""

    betas: Betas = (0.5, 0.999)
    """Decay of the running mean of the gradient and of its square."""
    eps: float = Field(1e-8, gt=0)
    """Added to the root of the mean square."""
    weight_decay: float = Field(0.01, ge=0)
    """Part of the weights, times lr, that every step takes away."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """The framework's."""
        from torch.optim import AdamW

        return AdamW(
            parameters, lr=self.lr, betas=self.betas, eps=self.eps, weight_decay=self.weight_decay
        )


class SGDSpec(OptimizerSpec, name="sgd"):
    """Stochastic gradient descent with momentum (Sutskever et al. 2013)."""

    momentum: Fraction = 0.0
    """Decay of the running sum of gradients."""
    nesterov: bool = False
    """Whether the gradient looks ahead; needs momentum."""
    weight_decay: float = Field(0.0, ge=0)
    """Factor of the weights that is added to their gradient."""

    @model_validator(mode="after")
    def _nesterov_moves(self) -> Self:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs momentum above 0; 0.9 is common")
        return self

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """The framework's."""
        from torch.optim import SGD

        return SGD(
            parameters,
            lr=self.lr,
            momentum=self.momentum,
            nesterov=self.nesterov,
            weight_decay=self.weight_decay,
        )


# ---------------------------------------------------------------------------------- inits


class NormalSpec(InitSpec, name="normal"):
    """Weights from N(0, gain), as in both papers (Isola et al. 2017, sec. 6.2)."""

    gain: float = Field(0.02, gt=0)
    """Standard deviation of the weights, and of batch norm's scales around 1."""
    bias: Literal["zero", "framework"] = "zero"
    """`zero` as in pix2pix, or torch's uniform draw as in pix2pixHD."""

    def build(self) -> Callable[[nn.Module], None]:
        """Fills convolutions, linear layers and batch norms."""
        from torch.nn.init import normal_

        from gan_zoo_optimizers.inits import fill

        return partial(fill, draw=partial(normal_, std=self.gain), bias=self.bias, scale=self.gain)


class XavierSpec(InitSpec, name="xavier"):
    """Weights from a normal that keeps variances both ways (Glorot and Bengio 2010)."""

    gain: float = Field(0.02, gt=0)
    """Factor of the deviation; also the deviation of batch norm's scales around 1."""
    bias: Literal["zero", "framework"] = "zero"
    """`zero` as in pix2pix, or torch's uniform draw as in pix2pixHD."""

    def build(self) -> Callable[[nn.Module], None]:
        """Fills convolutions, linear layers and batch norms."""
        from torch.nn.init import xavier_normal_

        from gan_zoo_optimizers.inits import fill

        draw = partial(xavier_normal_, gain=self.gain)
        return partial(fill, draw=draw, bias=self.bias, scale=self.gain)


class KaimingSpec(InitSpec, name="kaiming"):
    """Weights from a normal that keeps variances under ReLU (He et al. 2015)."""

    bias: Literal["zero", "framework"] = "zero"
    """`zero` as in pix2pix, or torch's uniform draw as in pix2pixHD."""

    def build(self) -> Callable[[nn.Module], None]:
        """Fills convolutions, linear layers and batch norms."""
        from torch.nn.init import kaiming_normal_

        from gan_zoo_optimizers.inits import fill

        # The published code has a gain for every init and does not use it here, except for the
        # scales of batch norm, where it is 0.02.
        return partial(fill, draw=kaiming_normal_, bias=self.bias, scale=0.02)


class OrthogonalSpec(InitSpec, name="orthogonal"):
    """Weights from a random orthogonal matrix (Saxe et al. 2014)."""

    gain: float = Field(0.02, gt=0)
    """Factor of the matrix; also the deviation of batch norm's scales around 1."""
    bias: Literal["zero", "framework"] = "zero"
    """`zero` as in pix2pix, or torch's uniform draw as in pix2pixHD."""

    def build(self) -> Callable[[nn.Module], None]:
        """Fills convolutions, linear layers and batch norms."""
        from torch.nn.init import orthogonal_

        from gan_zoo_optimizers.inits import fill

        draw = partial(orthogonal_, gain=self.gain)
        return partial(fill, draw=draw, bias=self.bias, scale=self.gain)
