"""Statistics of crops: how many are taken, how near they come, and what is said of them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import gan_zoo
from gan_zoo.inference.tiling import gathering
from gan_zoo.inference.tiling.gathering import jittered, spread
from gan_zoo.inference.tiling.norms import Moments, join
from gan_zoo.inference.tiling.source import Source, open_windows
from gan_zoo.inference.translator import Translator
from gan_zoo.runs.folder import RunFolder
from tests.inference.tiling.conftest import apart, large, tiler, trained

HOW: dict[str, Any] = {"device": "cpu", "tile": 64}


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run whose pictures move little with their statistics."""
    return trained(tmp_path_factory.mktemp("calm") / "run", **{"init.gain": 0.02})


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return large(tmp_path_factory.mktemp("given") / "given.tif", 600, 700, hills=40)


def test_near_the_whole_picture(
    calm: RunFolder, given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gan_zoo.translate(calm, given, tmp_path / "whole.tif", device="cpu")
    gan_zoo.translate(calm, given, tmp_path / "made.tif", device="cpu", tile=256)
    said = capsys.readouterr().out
    assert "norms take the statistics of all of a picture: sampled" in said
    assert "statistics of 36 crops of 120, whose halves differ by 0." in said
    off = apart(tmp_path / "made.tif", tmp_path / "whole.tif")
    assert off.mean() <= 1.0
    assert np.quantile(off, 0.999) <= 6
    blocks = off[:576, :640].reshape(9, 64, 10, 64, 3).mean((1, 3, 4))
    assert blocks.max() <= 3


def test_more_crops_until_halves_agree(
    calm: RunFolder,
    given: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    counts, own = [], gathering.Sampler.gather

    def gather(self: gathering.Sampler, count: int) -> gathering.Sampled:
        counts.append(count)
        found = own(self, 8)
        apart = 4.0 if count < 16 else 0.5
        return gathering.Sampled(found.values, count, apart)

    monkeypatch.setattr(gathering, "FIRST", 4)
    monkeypatch.setattr(gathering.Sampler, "gather", gather)
    gan_zoo.translate(calm, given, tmp_path / "made.tif", **HOW)
    assert counts == [4, 8, 16]
    said = capsys.readouterr().out
    assert (
        "statistics of 8 crops of 64, whose halves differ by 4.00 of 255, more than 1; tw" in said
    )
    assert "statistics of 16 crops of 64, whose halves differ by 0.50 of 255\n" in said


def test_exact_where_that_costs_less(
    run: RunFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = large(tmp_path / "given.tif", 100, 120)
    monkeypatch.setattr(gathering, "FIRST", 16)
    monkeypatch.setattr(gathering, "BOUND", 0.0)
    gan_zoo.translate(run, given, tmp_path / "made.tif", **HOW)
    gan_zoo.translate(run, given, tmp_path / "exact.tif", **HOW, statistics="exact")
    said = capsys.readouterr().out
    assert "more than 0; all of the picture costs less now\n" in said
    assert "statistics of all of it: 5 passes, about " in said
    assert apart(tmp_path / "made.tif", tmp_path / "exact.tif").max() == 0


def test_crops_lie_all_over_the_picture() -> None:
    one, other = jittered((1000, 2000), 100, 36, 0)
    boxes = [*one, *other]
    assert len(boxes) >= 36
    assert abs(len(one) - len(other)) <= 1
    assert all(box.top >= 0 and box.bottom <= 1000 for box in boxes)
    assert all(box.left >= 0 and box.right <= 2000 for box in boxes)
    cells = {(box.top // 250, box.left // 250) for box in boxes}
    assert len(cells) > 20  # of 32
    assert jittered((1000, 2000), 100, 36, 0)[0] == one
    assert jittered((1000, 2000), 100, 36, 1)[0] != one


def test_moments_join_to_those_of_all() -> None:
    x = torch.rand(6, 4, 5, 7, dtype=torch.float64) * 3 + 100
    whole = Moments.of(x, 2)
    found = join([Moments.of(x[:1], 2), Moments.of(x[1:3], 2), Moments.of(x[3:], 2)])
    assert found.count == whole.count == 6 * 2 * 5 * 7
    assert torch.allclose(found.mean, x.reshape(6, 2, 2, 5, 7).mean((0, 2, 3, 4)), rtol=1e-12)
    assert torch.allclose(found.variance, whole.variance, rtol=1e-9)


def test_crops_are_normalized_as_one_picture(run: RunFolder) -> None:
    """All layers of crops that make up a picture agree on its statistics, but for pads."""
    model: Translator = gan_zoo.load(run, device="cpu")
    made = tiler(model, tile=64)
    crops = [{"source": torch.randint(0, 256, (1, 64, 64), dtype=torch.uint8)} for _ in range(3)]
    made.statistics.begin("joint")
    several = made.player.play(crops)
    joint = made.statistics.values
    made.statistics.begin("given")
    alone = torch.cat([made.player.play([crop]) for crop in crops[:1]])
    assert torch.allclose(several[:1], alone, atol=1e-5)
    made.statistics.begin("own")
    own = made.player.play(crops[:1])
    assert (own - alone).abs().max() > 1e-3  # a crop by itself is another picture
    assert len(joint) == 5


def test_groups_of_crops_are_normalized_as_one_picture(
    run: RunFolder, given: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A norm is given what the moments of all crops make of the norms before it, however many
    crops go at once; and that is near all of the picture.
    """
    model: Translator = gan_zoo.load(run, device="cpu")
    made = tiler(model, tile=64, statistics="exact")
    with closing(open_windows(model.recipe.data.inputs(given), 0, model.inputs)) as windows:
        source = Source(windows, windows.size)
        sampler = gathering.Sampler(made.player, made.statistics, source, 64, 12, 64, 0)
        found = []
        for together in (2, 10_000):
            monkeypatch.setattr(gathering, "TOGETHER", together)
            found.append(sampler._joint(jittered(source.size, 64, 100, 0)[0]))
        layout = made.decision.layout(source.size)
        exact: list[Moments] = []
        while len(exact) < made.decision.norms:
            of_norm = (made.player, made.statistics, source, layout, exact, lambda: None)
            exact.append(gathering.exact_norm(*of_norm))
    assert len(found[0]) == len(found[1]) == len(exact) == 5
    for several, one, whole in zip(*found, exact, strict=True):
        assert several.count == one.count
        assert torch.allclose(several.mean, one.mean, rtol=1e-4, atol=1e-4)
        assert torch.allclose(several.variance, one.variance, rtol=1e-3)
        off = (several.mean - whole.mean).abs() / whole.variance.sqrt()
        assert off.max() < 0.25
        assert (several.variance / whole.variance).log().abs().max() < 0.5


def test_halves_are_compared_all_over_the_picture() -> None:
    boxes = jittered((1000, 1000), 50, 400, 0)[1]
    found = spread(boxes, 16)
    assert len(found) == len(set(found)) == 16
    assert {box.top // 250 for box in found} == {0, 1, 2, 3}
    assert spread(boxes[:3], 16) == boxes[:3]


def test_any_seed(run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "FIRST", 2)
    monkeypatch.setattr(gathering, "BOUND", 255.0)
    given = large(tmp_path / "given.tif", 70, 80)
    assert gan_zoo.translate(run, given, tmp_path / "a.tif", **HOW, overlap=4, seed=-1) == 1
