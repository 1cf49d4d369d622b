"""The norm that a map scales and shifts, against its formula in float64."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gan_zoo_spade.normalization import SPADE

EPS = 1e-5  # of torch's norms


def layer(norm: Any, channels: int = 3, kernel: int = 3) -> SPADE:
    torch.manual_seed(0)
    return SPADE(channels=channels, map_channels=4, norm=norm, hidden=5, kernel=kernel).double()


def labels(batch: int, height: int, width: int, classes: int = 4) -> Tensor:
    """One-hot maps."""
    draw = torch.Generator().manual_seed(1)
    ids = torch.randint(classes, (batch, height, width), generator=draw)
    return F.one_hot(ids, classes).movedim(-1, 1).double()


def painted(spade: SPADE, map: Tensor, *, kernel: int = 3) -> tuple[Tensor, Tensor]:
    """gamma and beta of a map that has the size of the features."""

    def convolved(x: Tensor, conv: Any) -> Tensor:
        return F.conv2d(x, conv.weight, conv.bias, padding=kernel // 2)

    seen = convolved(map, spade.shared).clamp(min=0)
    return convolved(seen, spade.gamma), convolved(seen, spade.beta)


@pytest.mark.parametrize(("norm", "over"), [("batch", (0, 2, 3)), ("instance", (2, 3))])
def test_in_training_it_is_the_formula(norm: str, over: tuple[int, ...]) -> None:
    spade, map = layer(norm), labels(2, 8, 12)
    x = torch.randn(2, 3, 4, 6, dtype=torch.float64) * 3 + 1
    gamma, beta = painted(spade, map[..., ::2, ::2])  # nearest: the upper left of four
    mean, var = x.mean(over, keepdim=True), x.var(over, correction=0, keepdim=True)
    expected = (x - mean) / (var + EPS).sqrt() * (1 + gamma) + beta
    torch.testing.assert_close(spade(x, map), expected, rtol=1e-12, atol=1e-12)


def test_in_evaluation_the_batch_norm_has_the_learned_statistics() -> None:
    spade, map = layer("batch"), labels(2, 4, 6)
    x = torch.randn(2, 3, 4, 6, dtype=torch.float64) * 3 + 1
    spade(x, map)
    mean, var = (s.view(1, 3, 1, 1) for s in (x.mean((0, 2, 3)), x.var((0, 2, 3))))
    mean, var = 0.1 * mean, 0.9 + 0.1 * var  # from 0 and 1, with torch's momentum
    gamma, beta = painted(spade, map)
    expected = (x - mean) / (var + EPS).sqrt() * (1 + gamma) + beta
    torch.testing.assert_close(spade.eval()(x, map), expected, rtol=1e-12, atol=1e-12)


def test_neither_norm_has_a_scale_and_shift_of_its_own() -> None:
    for norm in ("batch", "instance"):
        names = {name.partition(".")[0] for name, _ in layer(norm).named_parameters()}
        assert names == {"shared", "gamma", "beta"}


@settings(max_examples=20, deadline=None)
@given(
    value=st.floats(-50, 50), classes=st.integers(2, 4), norm=st.sampled_from(["batch", "instance"])
)
def test_labels_survive_features_of_one_value(value: float, classes: int, norm: str) -> None:
    """A plain norm makes such features zero, whatever the label was (sec. 3 of the paper)."""
    spade, map = layer(norm, kernel=1), labels(2, 4, 6, classes)
    map = F.pad(map, (0, 0, 0, 0, 0, 4 - classes))
    made = spade(torch.full((2, 3, 4, 6), value, dtype=torch.float64), map)
    _, beta = painted(spade, map, kernel=1)
    torch.testing.assert_close(made, beta, rtol=0, atol=1e-6)
    assert len(made.movedim(1, -1).reshape(-1, 3).round(decimals=6).unique(dim=0)) == classes


@pytest.mark.parametrize("size", [(2, 3), (4, 6), (8, 12), (16, 24)])
def test_the_map_is_resized_by_nearest_up_and_down(size: tuple[int, int]) -> None:
    spade, map = layer("instance"), labels(1, 8, 12)
    high, wide = ((torch.arange(n) * m) // n for n, m in zip(size, (8, 12), strict=True))
    x = torch.randn(1, 3, *size, dtype=torch.float64)
    torch.testing.assert_close(spade(x, map), spade(x, map[..., high[:, None], wide]))
