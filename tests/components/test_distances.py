"""The distance of feature maps: torch's l1_loss, for a byte a number."""

from __future__ import annotations

import gc

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_zoo.checks.rehearsal import Bytes
from gan_zoo.components import mean_distance

NUMBERS = [torch.float64, torch.float32, torch.bfloat16, torch.float16]
LAYOUTS = [torch.contiguous_format, torch.channels_last]


def two(dtype: torch.dtype, layout: torch.memory_format = torch.contiguous_format) -> list[Tensor]:
    """Maps some of whose numbers are equal."""
    torch.manual_seed(0)
    ours, theirs = torch.randn(2, 2, 5, 9, 7)
    theirs[0, 1] = ours[0, 1]
    theirs[1, 2] += 1000
    made = (t.to(dtype).contiguous(memory_format=layout) for t in (ours, theirs))
    return [t.requires_grad_() for t in made]


@pytest.mark.parametrize("dtype", NUMBERS, ids=str)
@pytest.mark.parametrize("layout", LAYOUTS, ids=["contiguous", "channels_last"])
def test_it_is_l1_loss_to_the_bit(dtype: torch.dtype, layout: torch.memory_format) -> None:
    """Of the same numbers in float32, value and gradients."""
    given = two(dtype, layout)
    wide = torch.promote_types(dtype, torch.float32)
    ours = mean_distance(*given)
    theirs = F.l1_loss(given[0].to(wide), given[1].to(wide))
    assert torch.equal(ours, theirs)
    found, expected = (torch.autograd.grad(7 * one, given) for one in (ours, theirs))
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == dtype
        assert torch.equal(one, other)
    assert not found[0][0, 1].any()


def test_types_may_differ() -> None:
    half, whole = two(torch.bfloat16)[0], two(torch.float32)[1]
    assert torch.equal(mean_distance(half, whole), F.l1_loss(half.float(), whole))
    (gradient,) = torch.autograd.grad(mean_distance(half, whole), half)
    assert gradient.dtype == torch.bfloat16


def test_gradients_and_those_of_gradients_away_from_equal_numbers() -> None:
    given = [torch.randn(2, 3, 4, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    assert torch.autograd.gradcheck(mean_distance, given)
    assert torch.autograd.gradgradcheck(mean_distance, given)
    (first,) = torch.autograd.grad(mean_distance(*given), given[:1], create_graph=True)
    assert not first.requires_grad  # they do not depend on the maps


def test_what_is_no_number_is_seen() -> None:
    ours, theirs = two(torch.float32)
    ours.data[0, 0, 0, 0] = torch.nan
    assert mean_distance(ours, theirs).isnan()


@pytest.mark.parametrize("dtype", NUMBERS, ids=str)
def test_a_byte_a_number_is_held(dtype: torch.dtype) -> None:
    given = two(dtype)
    with Bytes() as seen:
        seen.count(given)
        before = seen.live
        loss = mean_distance(*given)
        gc.collect()
        assert seen.live - before == given[0].numel() + loss.nbytes


def test_nothing_is_held_without_a_graph() -> None:
    given = two(torch.bfloat16)
    with Bytes() as seen, torch.no_grad():
        seen.count(given)
        before = seen.live
        loss = mean_distance(*given)
        assert seen.live - before == loss.nbytes
