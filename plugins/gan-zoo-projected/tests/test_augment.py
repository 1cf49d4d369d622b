"""Augmentations against their formulas, and what they draw."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from torch import Tensor

from gan_zoo_projected import augment
from gan_zoo_projected.augment import Augment

ALL = ("color", "translation", "cutout")


def pictures(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, dtype=torch.float64, generator=generator) * 2 - 1


def test_color_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        augment, "draw_uniform", lambda x: torch.tensor([0.75, 0.0])[:, None, None, None]
    )
    x = torch.tensor([[[[0.0, 0.4]], [[0.2, 0.0]], [[0.4, 0.2]]]] * 2)  # two samples of 3 x 1 x 2
    brighter = augment.change_brightness(x)
    torch.testing.assert_close(brighter[0, :, 0, 0], torch.tensor([0.25, 0.45, 0.65]))
    torch.testing.assert_close(brighter[1], x[1] - 0.5)
    # Both pixels have the gray 0.2, and are 1.5 times as far from it, or nowhere else.
    vivid = augment.change_saturation(x)
    torch.testing.assert_close(vivid[0, :, 0, 0], torch.tensor([-0.1, 0.2, 0.5]))
    torch.testing.assert_close(vivid[1], torch.full((3, 1, 2), 0.2))
    # The mean of all is 0.2, and the distance to it times 1.25, or 0.5.
    harder = augment.change_contrast(x)
    torch.testing.assert_close(harder[0, :, 0, 1], torch.tensor([0.45, -0.05, 0.2]))
    torch.testing.assert_close(harder[1, :, 0, 1], torch.tensor([0.3, 0.1, 0.2]))


def test_color_is_the_three_after_each_other_by_draws_of_every_sample() -> None:
    x = pictures(3, 3, 4, 5)
    torch.manual_seed(5)
    _, came = Augment(changes=["color"])(x[:, :0], x)
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


def test_shifts_go_an_eighth_of_each_side_either_way() -> None:
    torch.manual_seed(0)
    down, right = augment.shifts(torch.empty(2000, 1, 64, 20))
    assert set(down.tolist()) == set(range(-8, 9))
    assert set(right.tolist()) == set(range(-3, 4))  # 20 / 8 rounded
    assert augment.shifts(torch.empty(50, 1, 3, 1))[0].abs().max() == 0


def test_a_hole_is_half_as_high_and_wide_and_may_reach_over_the_border() -> None:
    torch.manual_seed(0)
    hidden = augment.draw_holes(torch.empty(2000, 1, 8, 5))
    rows, columns = hidden.any(dim=3).sum(dim=2), hidden.any(dim=2).sum(dim=2)
    assert (hidden.sum(dim=(1, 2, 3)) == (rows * columns)[:, 0]).all()  # rectangles
    assert set(rows.flatten().tolist()) == {2, 3, 4}  # its middle on rows 0 to 8
    assert set(columns.flatten().tolist()) == {2, 3}  # on columns 0 to 4
    assert hidden.any(dim=0).all()  # every pixel is hidden at times


def test_condition_and_picture_move_and_vanish_together_and_colors_stay_apart() -> None:
    both = pictures(4, 2, 16, 16)
    torch.manual_seed(1)
    condition, picture = Augment(changes=["translation", "cutout"])(both, both)
    assert torch.equal(condition, picture)
    assert not torch.equal(condition, both)
    assert (condition == 0).all(dim=1).float().mean() > 0.1
    condition, picture = Augment(changes=["color"])(both, both)
    assert torch.equal(condition, both)
    assert not torch.equal(picture, both)


def test_real_and_fake_get_draws_of_their_own_from_torch_s_generator() -> None:
    x, change = pictures(2, 3, 16, 16), Augment(changes=ALL)
    torch.manual_seed(3)
    first, second = (change(x, x)[1] for _ in range(2))
    assert not torch.equal(first, second)
    torch.manual_seed(3)
    assert torch.equal(change(x, x)[1], first)


def test_in_evaluation_nothing_changes() -> None:
    x, state = pictures(2, 3, 8, 8), torch.get_rng_state()
    condition, picture = Augment(changes=ALL).eval()(x, x)
    assert condition is x
    assert picture is x
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("change", ALL)
def test_gradients_and_their_gradients(change: augment.Change) -> None:
    module = Augment(changes=[change])

    def changed(x: Tensor) -> Tensor:
        torch.manual_seed(2)
        made: Tensor = module(x[:, :1], x)[1]
        return made

    x = pictures(2, 2, 2, 3).requires_grad_()
    assert torch.autograd.gradcheck(changed, (x,))
    assert torch.autograd.gradgradcheck(lambda x: changed(x).pow(3), (x,))


def test_any_size_and_no_condition() -> None:
    for height, width in ((1, 1), (2, 3), (7, 5)):
        condition, picture = Augment(changes=ALL)(
            pictures(2, 0, height, width), pictures(2, 1, height, width)
        )
        assert condition.shape == (2, 0, height, width)
        assert picture.shape == (2, 1, height, width)
        assert picture.isfinite().all()


def test_the_means_of_draws() -> None:
    """Brightness, saturation and contrast are 0, 1 and 1 on the mean, and reach their ends."""
    torch.manual_seed(0)
    x = torch.tensor([1.0, -1.0, 0.0]).reshape(1, 3, 1, 1).expand(4000, 3, 1, 1)
    light = augment.change_brightness(x)[:, 2, 0, 0]
    vivid, hard = (f(x)[:, 0, 0, 0] for f in (augment.change_saturation, augment.change_contrast))
    for came, low, high in ((light, -0.5, 0.5), (vivid, 0, 2), (hard, 0.5, 1.5)):
        near = partial(math.isclose, abs_tol=0.01)
        assert near(came.min(), low)
        assert near(came.max(), high)
        assert math.isclose(came.mean(), (low + high) / 2, abs_tol=0.04)
