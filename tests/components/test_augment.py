"""Differentiable augmentation against its formulas, and what it draws."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from torch import Tensor

from gan_zoo.components import augment
from gan_zoo.components.augment import draw_augment

KINDS = ("color", "translation", "cutout")


def pictures(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, dtype=torch.float64, generator=generator) * 2 - 1


def numbers(*values: float) -> Tensor:
    """One of every sample, `B 1 1 1`."""
    return torch.tensor(values, dtype=torch.float64)[:, None, None, None]


def test_color_by_hand() -> None:
    x = torch.tensor([[[[0.0, 0.4]], [[0.2, 0.0]], [[0.4, 0.2]]]] * 2).double()  # B 3 1 2
    nothing = numbers(0.5, 0.5)
    made = augment.change_color(x, numbers(0.75, 0.0), nothing, nothing)
    torch.testing.assert_close(made, x + numbers(0.25, -0.5))
    # Both pixels have the gray 0.2, and are 1.5 times as far from it, or nowhere else.
    made = augment.change_color(x, nothing, numbers(0.75, 0.0), nothing)
    torch.testing.assert_close(made[0, :, 0, 0], torch.tensor([-0.1, 0.2, 0.5]).double())
    torch.testing.assert_close(made[1], torch.full((3, 1, 2), 0.2).double())
    # The mean of all is 0.2, and the distance to it times 1.25, or 0.5.
    made = augment.change_color(x, nothing, nothing, numbers(0.75, 0.0))
    torch.testing.assert_close(made[0, :, 0, 1], torch.tensor([0.45, -0.05, 0.2]).double())
    torch.testing.assert_close(made[1, :, 0, 1], torch.tensor([0.3, 0.1, 0.2]).double())


def test_color_is_the_three_after_each_other_by_draws_of_every_sample() -> None:
    x = pictures(3, 3, 4, 5)
    torch.manual_seed(5)
    came = draw_augment(["color"], x).picture(x)
    torch.manual_seed(5)
    light, vivid, hard = (torch.rand(3, 1, 1, 1, dtype=torch.float64) for _ in range(3))
    expected = x + light - 0.5
    gray = expected.mean(1, keepdim=True)
    expected = gray + 2 * vivid * (expected - gray)
    mean = expected.mean((1, 2, 3), keepdim=True)
    expected = mean + (0.5 + hard) * (expected - mean)
    torch.testing.assert_close(came, expected)
    assert len({value.item() for value in light}) == 3


def test_translation_pixel_by_pixel() -> None:
    x, down, right = pictures(3, 2, 4, 6), torch.tensor([0, 1, -2]), torch.tensor([0, -3, 2])
    came = augment.shift(x, down, right)
    for n in range(3):
        for i in range(4):
            for j in range(6):
                y, z = i - int(down[n]), j - int(right[n])
                inside = 0 <= y < 4 and 0 <= z < 6
                expected = x[n, :, y, z] if inside else torch.zeros(2, dtype=x.dtype)
                assert torch.equal(came[n, :, i, j], expected)


def moved(height: int, width: int, count: int = 2000) -> tuple[set[int], set[int]]:
    """How far down and to the right samples of so many pixels go."""
    middle = torch.zeros(count, 1, height, width)
    middle[:, :, height // 2, width // 2] = 1
    at = draw_augment(["translation"], middle).picture(middle).nonzero()
    assert len(at) == count  # an eighth takes the middle nowhere beyond the border
    return tuple(set((at[:, n] - side // 2).tolist()) for n, side in ((2, height), (3, width)))


def test_shifts_go_an_eighth_of_each_side_either_way() -> None:
    torch.manual_seed(0)
    down, right = moved(64, 20)
    assert down == set(range(-8, 9))
    assert right == set(range(-3, 4))  # 20 / 8 rounded
    assert moved(3, 1, 50) == ({0}, {0})


def test_a_hole_is_half_as_high_and_wide_and_may_reach_over_the_border() -> None:
    torch.manual_seed(0)
    white = torch.ones(2000, 1, 8, 5)
    hidden = draw_augment(["cutout"], white).picture(white) == 0
    rows, columns = hidden.any(dim=3).sum(dim=2), hidden.any(dim=2).sum(dim=2)
    assert (hidden.sum(dim=(1, 2, 3)) == (rows * columns)[:, 0]).all()  # rectangles
    assert set(rows.flatten().tolist()) == {2, 3, 4}  # its middle on rows 0 to 8
    assert set(columns.flatten().tolist()) == {2, 3}  # on columns 0 to 4
    assert hidden.any(dim=0).all()  # every pixel is hidden at times


def test_condition_and_picture_move_and_vanish_together_and_colors_stay_apart() -> None:
    both = pictures(4, 2, 16, 16)
    torch.manual_seed(1)
    drawn = draw_augment(["translation", "cutout"], both)
    condition, picture = drawn.condition(both), drawn.picture(both)
    assert torch.equal(condition, picture)
    assert not torch.equal(condition, both)
    assert (condition == 0).all(dim=1).float().mean() > 0.1
    drawn = draw_augment(["color"], both)
    assert drawn.condition(both) is both
    assert not torch.equal(drawn.picture(both), both)


def test_one_draw_changes_whatever_it_is_made_to_alike() -> None:
    """Of any channels and type, and again and again."""
    x = pictures(3, 3, 16, 12)
    drawn = draw_augment(KINDS, x)
    assert torch.equal(drawn.picture(x), drawn.picture(x))
    labels = (pictures(3, 5, 16, 12, seed=1) > 0).to(torch.bfloat16)
    made = drawn.condition(labels)
    assert made.dtype == torch.bfloat16
    assert torch.equal(made.double(), drawn.condition(labels.double()))


def test_draws_are_the_default_generator_s_and_of_nothing_there_are_none() -> None:
    x = pictures(2, 3, 16, 16)
    torch.manual_seed(3)
    first, second = (draw_augment(KINDS, x).picture(x) for _ in range(2))
    assert not torch.equal(first, second)
    torch.manual_seed(3)
    assert torch.equal(draw_augment(KINDS, x).picture(x), first)
    state = torch.get_rng_state()
    drawn = draw_augment((), x)
    assert drawn.condition(x) is drawn.picture(x) is x
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_and_their_gradients(kind: str) -> None:
    def changed(x: Tensor) -> Tensor:
        torch.manual_seed(2)
        return draw_augment([kind], x).picture(x)

    x = pictures(2, 2, 2, 3).requires_grad_()
    assert torch.autograd.gradcheck(changed, (x,))
    assert torch.autograd.gradgradcheck(lambda x: changed(x).pow(3), (x,))


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_any_size_and_no_condition(device: str) -> None:
    for height, width in ((1, 1), (2, 3), (7, 5)):
        x = pictures(2, 1, height, width).to(device)
        drawn = draw_augment(KINDS, x)
        assert drawn.condition(x[:, :0]).shape == (2, 0, height, width)
        picture = drawn.picture(x)
        assert picture.shape == (2, 1, height, width)
        assert picture.is_meta or picture.isfinite().all()


def test_the_means_of_draws() -> None:
    """Brightness, saturation and contrast are 0, 1 and 1 on the mean, and reach their ends."""
    torch.manual_seed(0)
    x = torch.zeros(4000, 3, 1, 1)
    light, vivid, hard = augment.draw_color(x).make.keywords.values()  # type: ignore[attr-defined]
    gray = torch.tensor([1.0, -1.0, 0.0]).reshape(1, 3, 1, 1).expand(4000, 3, 1, 1)
    half = torch.full((4000, 1, 1, 1), 0.5)
    made = (
        augment.change_color(gray, light, half, half)[:, 2, 0, 0],
        augment.change_color(gray, half, vivid, half)[:, 0, 0, 0],
        augment.change_color(gray, half, half, hard)[:, 0, 0, 0],
    )
    for came, low, high in zip(made, (-0.5, 0, 0.5), (0.5, 2, 1.5), strict=True):
        near = partial(math.isclose, abs_tol=0.01)
        assert near(came.min(), low)
        assert near(came.max(), high)
        assert math.isclose(came.mean(), (low + high) / 2, abs_tol=0.04)
