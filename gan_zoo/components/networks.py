"""Networks: generators make pictures, discriminators judge them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from gan_zoo.components.foreign import ReadableNetwork
from gan_zoo.components.shapes import Image
from gan_zoo.components.spec import Spec

if TYPE_CHECKING:
    from torch import nn


class NetworkSpec(ReadableNetwork, Spec):
    """A network that takes `given` and is wanted to make, or to judge, `wanted`."""

    exportable: ClassVar[bool] = False  # torch.export takes its module, for batches of any number

    def check(self, given: Image, wanted: Image) -> None:
        """Refuse shapes that the network cannot take. Pure Python.

        Raises:
            ContractError: says the cure.
        """

    @abstractmethod
    def build(self, given: Image, wanted: Image) -> nn.Module:
        """The plain module, on the current default device and without weights of its own. Reads no
        file and downloads nothing: a rehearsal builds it on the meta device.
        """

    def fetch(self, module: nn.Module) -> None:
        """Fill in weights that were learned elsewhere, from files at hand: called once, after the
        recipe's init, where a run starts fresh. What is not at hand is told by `missing`.

        Raises:
            UserError: a file is not what the options say; names it.
        """

    def playing_part(self, module: nn.Module) -> nn.Module:
        """What plays of the module in a phase, by this spec with the phase's `set` applied. It is
        made of the module's own layers; weights are shared.
        """
        return module

    def parts(self) -> Mapping[str, str]:
        """Parts that phases can train or freeze: name -> path of the submodule."""
        return {}


class GeneratorSpec(NetworkSpec, kind="generator"):
    """Condition `B C H W` -> picture `B D H W` in [-1, 1]; output size = input size."""

    def multiple(self) -> int:
        """Height and width must be multiples of this."""
        return 1

    def plays(self) -> Mapping[str, GeneratorSpec]:
        """Parts that make a picture by themselves, for a phase's `play`."""
        return {}

    def features(self, given: Image, wanted: Image) -> Image | None:
        """The shape of the features before its head, the picture's size or an nth of it. Its
        module then has `features` and `head`, which make the picture one after the other.
        """
        return None


class DiscriminatorSpec(NetworkSpec, kind="discriminator"):
    """Condition and picture -> views: a list over scales (full resolution first) of a list of
    feature maps (first layer first, logits last). `given` is the condition it may see, `wanted`
    the picture it judges.
    """

    @abstractmethod
    def views(self, given: Image, wanted: Image) -> list[list[Image]]:
        """The shapes of the views."""

    @abstractmethod
    def receptive_field(self) -> int:
        """Pixels of the picture that one logit at full resolution sees."""


class Single(DiscriminatorSpec):
    """A discriminator of one scale: its views are a list of one, so that others can hold it."""
