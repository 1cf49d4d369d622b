"""The augmentation of one judge: by draws of its own, and none in evaluation."""

from __future__ import annotations

import torch
from torch import Tensor

from gan_zoo.components import draw_augment
from gan_zoo_projected.augment import Augment

KINDS = ("color", "translation", "cutout")


def pictures(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, dtype=torch.float64, generator=generator) * 2 - 1


def test_it_is_one_draw_for_condition_and_picture() -> None:
    condition, picture = pictures(2, 5, 16, 16), pictures(2, 3, 16, 16, seed=1)
    torch.manual_seed(3)
    seen, changed = Augment(changes=KINDS)(condition, picture)
    torch.manual_seed(3)
    drawn = draw_augment(KINDS, picture)
    assert torch.equal(seen, drawn.condition(condition))
    assert torch.equal(changed, drawn.picture(picture))
    assert not torch.equal(changed, picture)


def test_real_and_fake_get_draws_of_their_own() -> None:
    x, change = pictures(2, 3, 16, 16), Augment(changes=KINDS)
    first, second = (change(x, x)[1] for _ in range(2))
    assert not torch.equal(first, second)


def test_in_evaluation_nothing_changes() -> None:
    x, state = pictures(2, 3, 8, 8), torch.get_rng_state()
    condition, picture = Augment(changes=KINDS).eval()(x, x)
    assert condition is x
    assert picture is x
    assert torch.equal(torch.get_rng_state(), state)
