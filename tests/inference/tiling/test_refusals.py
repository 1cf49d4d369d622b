"""What cannot be translated in tiles says why, and what could."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import gan_zoo
from gan_zoo.components import PictureNorm
from gan_zoo.errors import UserError
from gan_zoo.inference.tiling import gathering
from gan_zoo.inference.tiling.asked import Asked
from gan_zoo.inference.translator import Translator
from gan_zoo.runs.folder import RunFolder
from tests.inference.tiling.conftest import large, tiler, trained


@pytest.fixture(scope="module")
def model(run: RunFolder) -> Translator:
    return gan_zoo.load(run, device="cpu")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"tile": "big"}, "tile: big came; auto, or a number of pixels, was expected"),
        ({"tile": 0}, "tile: 0 came"),
        ({"tile": "64", "overlap": "-1"}, "overlap: -1 came"),
        ({"overlap": 8}, "overlap: 8 came, but no tile; say --tile auto too"),
        ({"statistics": "exact"}, "statistics: exact came, but no tile"),
        ({"tile": 64, "statistics": "mean"}, "sampled, exact or own was expected"),
    ],
)
def test_words(words: dict[str, Any], told: str) -> None:
    whole: dict[str, Any] = {"tile": None, "overlap": None, "statistics": None, **words}
    with pytest.raises(UserError, match=told):
        Asked.read(**whole)
    assert Asked.read("auto", None, None) == Asked()
    assert Asked.read("64", 0, "exact") == Asked(64, 0, "exact")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"tile": 63}, "the generator takes no such side; say --tile 64"),
        ({"tile": 64, "overlap": 31}, "leaves nothing of a tile of 64; less than 32"),
        ({"tile": 64, "statistics": "own"}, "--statistics own: 5 norms of this run take"),
    ],
)
def test_what_does_not_fit(model: Translator, asked: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        tiler(model, **asked)


def test_an_overlap_that_would_take_most_of_a_tile_is_cut(model: Translator) -> None:
    made = tiler(model, tile=16).decision
    assert (made.tile, made.radius, made.overlap, made.cut) == (16, 12, 4, True)
    assert not tiler(model, tile=32).decision.cut


def test_own_is_for_networks_without_such_norms(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", **{"generator.norm": "batch"})
    assert tiler(gan_zoo.load(run, device="cpu"), tile=64, statistics="own").decision.norms == 0


def test_png_is_not_written_in_parts(run: RunFolder, tmp_path: Path) -> None:
    given = large(tmp_path / "given.tif", 100, 100)
    with pytest.raises(UserError, match=r"larger than a tile of 64, and PNG is not written in"):
        gan_zoo.translate(run, given, tmp_path / "made.png", tile=64, device="cpu")
    assert [path.name for path in tmp_path.iterdir()] == ["given.tif"]


def test_dropout(tmp_path: Path) -> None:
    net = {"use": "unet", "width": 4, "depth": 2, "dropout": "paper"}
    run = trained(tmp_path / "run", generator=net, **{"inference.dropout": True})
    with pytest.raises(UserError, match=r"say --set inference\.dropout=false"):
        tiler(gan_zoo.load(run, device="cpu"), tile=64)
    quiet = gan_zoo.load(run, device="cpu", set={"inference.dropout": False})
    assert tiler(quiet, tile=64).decision.tile == 64


def test_noise_as_a_condition(tmp_path: Path) -> None:
    conditions = {"picture": {"use": "image"}, "noise": {"use": "noise"}}
    run = trained(tmp_path / "run", conditions=conditions)
    with pytest.raises(UserError, match=r"conditions\.noise is noise, which no two tiles"):
        tiler(gan_zoo.load(run, device="cpu"), tile=64)


def test_a_net_down_to_one_pixel_takes_the_size_of_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    net = {"use": "unet", "width": 4, "depth": 6}
    run = trained(tmp_path / "run", generator=net, **{"inference.norm": "picture"})
    model = gan_zoo.load(run, device="cpu")
    with pytest.raises(UserError, match=r"makes one pixel of a whole picture.*say --tile 64"):
        tiler(model, tile=128)
    for asked in ({}, {"tile": 64}):
        made = tiler(model, **asked)
        assert (made.decision.tile, made.decision.overlap, made.decision.radius) == (64, 16, None)
        assert "sees one tile in its place: tiles have the size of training" in made.describe()
    cut = r"statistics exact: generator\.\S+ works on squares of 32 pixels, which an overlap of 16"
    with pytest.raises(UserError, match=cut):
        tiler(model, tile=64, statistics="exact")
    given = large(tmp_path / "given.tif", 100, 120)
    monkeypatch.setattr(gathering, "FIRST", 4)
    monkeypatch.setattr(gathering, "MOST", 10)
    monkeypatch.setattr(gathering, "BOUND", 0.0)
    gan_zoo.translate(run, given, tmp_path / "made.tif", tile=64, device="cpu")
    said = capsys.readouterr().out
    assert "more than 0; twice as many are taken" in said
    assert re.search(
        r"statistics of \d+ crops of 64, .*no more are taken, and all of the pic", said
    )


class Strange(nn.Module):
    """A norm that nobody knows."""

    def forward(self, x: Tensor) -> Tensor:
        return x - x.mean((2, 3), keepdim=True)


class Taking(Strange):
    """The same, taking part."""

    statistic_groups = 8

    def normalize_by(self, x: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
        return x - mean.view(-1, 1, 1)


def with_norm(run: RunFolder, norm: nn.Module) -> Translator:
    model = gan_zoo.load(run, device="cpu")
    stages: Any = model.cast.networks["generator"]
    stages.encoder[1].norm = norm
    return model


def test_a_norm_that_is_not_known(run: RunFolder) -> None:
    with pytest.raises(UserError, match=r"encoder\.1\.norm \(Strange\) makes of a place what dep"):
        tiler(with_norm(run, Strange()), tile=64)
    assert isinstance(Taking(), PictureNorm)
    assert tiler(with_norm(run, Taking()), tile=64).decision.norms == 5


class Squeeze(nn.Module):
    """Weighs by the mean over all of a picture, as squeeze and excitation does."""

    def __init__(self, inside: nn.Module) -> None:
        super().__init__()
        self.inside = inside

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.inside(x)
        return made * torch.sigmoid(made.mean((2, 3), keepdim=True))


def test_what_sees_all_of_a_picture(run: RunFolder) -> None:
    model = gan_zoo.load(run, device="cpu")
    stages: Any = model.cast.networks["generator"]
    stages.encoder[1].conv = Squeeze(stages.encoder[1].conv)
    with pytest.raises(UserError, match=r"networks see all of it.*say --tile 64, the size of tra"):
        tiler(model, tile=128)
    assert tiler(model, tile=64).decision.radius is None
