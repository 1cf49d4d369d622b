"""Earlier fakes of a conditional GAN, each with what the discriminator saw beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from gan_zoo.components import Pool, Scene, concatenated

SEEN, MAP, CONDITION = "seen", "map.", "condition."  # names of what is held


class History:
    """A pool of pairs.

    Conditions that follow from their maps alone are made of these again; others, which learn or are
    drawn, are held as they were.

    Args:
        size: Pictures that it holds.
        exact: Hold them in floats, with all that the discriminator saw.
        seen: The conditions that it sees, in the order of their channels.
        again: Those that can be made again -> the maps that they are made of.
    """

    def __init__(
        self, size: int, *, exact: bool, seen: Sequence[str], again: Mapping[str, Sequence[str]]
    ) -> None:
        self.pool = Pool(size, exact=exact)
        self.seen = seen
        self.again = {} if exact else {name: again[name] for name in seen if name in again}

    def shown(self, scene: Scene) -> tuple[Tensor, Tensor]:
        """Of a scene's `seen` and `fake`, `B C H W`: what the discriminator is shown, of now and of
        earlier.
        """
        seen, fake = scene["seen"].detach(), scene["fake"]
        if not self.pool.size:
            return seen, fake
        rows = []
        for n, old in enumerate(self.pool.exchange(fake, self._beside(scene))):
            if old is None:
                rows.append((seen[n : n + 1], fake[n : n + 1]))
            else:
                rows.append((self._seen(scene, old).to(seen), old["fake"][None]))
        conditions, pictures = zip(*rows, strict=True)
        return torch.cat(conditions), torch.cat(pictures)

    def _beside(self, scene: Scene) -> dict[str, Tensor]:
        """What is held with the fakes of a scene."""
        if self.pool.exact:
            return {SEEN: scene["seen"].detach()}
        raw: Mapping[str, Tensor] = scene["maps.raw"]
        maps = {name for needs in self.again.values() for name in needs}
        held = {name for name in self.seen if name not in self.again}
        return {
            **{f"{MAP}{name}": raw[name] for name in sorted(maps)},
            **{f"{CONDITION}{n}": scene[f"conditions.{n}"].detach() for n in sorted(held)},
        }

    def _seen(self, scene: Scene, old: Mapping[str, Tensor]) -> Tensor:
        """What the discriminator saw beside a held fake, `1 C H W`."""
        if self.pool.exact:
            return old[SEEN][None]
        read = {key.removeprefix(MAP): t[None] for key, t in old.items() if key.startswith(MAP)}
        maps = scene["cast"].receive(read)
        with torch.no_grad():
            made = [
                scene["cast"].condition(name, maps)
                if name in self.again
                else old[f"{CONDITION}{name}"][None].to(scene["fake"])
                for name in self.seen
            ]
            return concatenated(made, scene["fake"][:1])
