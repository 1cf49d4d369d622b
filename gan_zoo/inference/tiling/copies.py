"""Networks of a translator once more, with layers of their own and the same weights.

A job may change how its copy normalizes; the translator's own networks stay as they are, so any
number of threads may go on calling them.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import torch
from torch import Tensor, nn

from gan_zoo.components.instance_ids import renumber
from gan_zoo.engine.cast import Cast
from gan_zoo.engine.norm_errors import single_values
from gan_zoo.errors import UserError
from gan_zoo.inference.networks import inference_state
from gan_zoo.inference.noise import OwnNoise
from gan_zoo.inference.styles.rules import Rules
from gan_zoo.inference.translator import Translator


def share(module: nn.Module) -> nn.Module:
    """A copy whose layers are its own, and whose weights and buffers are the module's."""
    tensors = chain(module.parameters(), module.buffers())
    return copy.deepcopy(module, {id(one): one for one in tensors})


def share_cast(cast: Cast) -> Cast:
    """Everybody who plays once more, by the same weights."""
    networks = {name: share(one) for name, one in cast.networks.items()}
    conditions = {name: share(one) for name, one in cast.conditions.items()}
    return Cast(networks, conditions, cast.precision, cast.exact)


@dataclass(frozen=True)
class Player:
    """Makes pictures of maps that networks take as they are: of several at once too.

    Args:
        translator: Whose recipe, method and styles.
        cast: Who plays: its own, or a copy.
        said: Whom a style is for.
        seed: Of sampled styles.
    """

    translator: Translator
    cast: Cast
    said: Rules
    seed: int = 0

    def play(self, crops: Sequence[Mapping[str, Tensor]]) -> Tensor:
        """Maps `C H W` of several parts of one size -> floats in [-1, 1], `B D H W`, where they
        were computed.

        Raises:
            UserError: the networks draw noise, which no two tiles would have alike.
        """
        translator = self.translator
        whole = []
        for maps in crops:
            ready = renumber(maps, translator.shapes)
            styles = translator.stylist.styles(ready, self.said, self.seed)
            whole.append({**ready, **{name: style[0] for name, style in styles.items()}})
        batch = {name: torch.stack([one[name] for one in whole]) for name in whole[0]}
        modules = [*self.cast.networks.values(), *self.cast.conditions.values()]
        state = inference_state(modules, translator.recipe.inference, settled=True)
        noise = OwnNoise(0)
        with single_values("inference.norm: running"), state, noise:
            scene = translator.method.scene(self.cast, self.cast.precision.receive(batch))
            made: Tensor = scene[translator.method.output]
        if noise.has_drawn():
            raise UserError(
                "--tile: the networks of this run draw noise, and no two tiles would have it alike "
                "where they meet; only models without noise are translated in tiles"
            )
        return made
