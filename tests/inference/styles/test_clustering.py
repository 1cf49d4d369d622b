from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gan_zoo.inference.styles.clustering import kmeans


def blobs(*centers: tuple[float, float], each: int = 20) -> Tensor:
    drawn = torch.Generator().manual_seed(0)
    noise = torch.randn(len(centers), each, 2, generator=drawn, dtype=torch.float64) * 0.01
    return (torch.tensor(centers, dtype=torch.float64)[:, None] + noise).flatten(0, 1)


def test_blobs_are_found_the_largest_first() -> None:
    points = torch.cat([blobs((0, 0), (1, 1), (-1, 1)), blobs((0, -1), each=30)])
    centers = kmeans(points, 4, seed=0)
    assert centers[0].tolist() == pytest.approx([0, -1], abs=0.02)
    found = sorted(tuple(round(x) for x in center.tolist()) for center in centers)
    assert found == [(-1, 1), (0, -1), (0, 0), (1, 1)]


def test_a_seed_repeats_it() -> None:
    points = torch.rand(200, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    one, again, other = (kmeans(points, 10, seed=seed) for seed in (0, 0, 1))
    assert one.shape == (10, 3)
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.integers(1, 10), st.integers(0, 3))
def test_never_more_centers_than_points_differ(values: list[int], most: int, seed: int) -> None:
    points = torch.tensor(values, dtype=torch.float64)[:, None]
    centers = kmeans(points, most, seed=seed)
    assert len(centers) == min(most, len(set(values)))
    if most >= len(set(values)):
        assert sorted(centers.flatten().tolist()) == sorted(set(values))
    assert centers.min() >= min(values)
    assert centers.max() <= max(values)


def test_nobody_would_rather_be_elsewhere() -> None:
    """Every center is the mean of the points that are nearest to it."""
    points = torch.rand(300, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    centers = kmeans(points, 7, seed=0)
    nearest = torch.cdist(points, centers).argmin(1)
    for k, center in enumerate(centers):
        torch.testing.assert_close(points[nearest == k].mean(0), center, atol=1e-12, rtol=0)
