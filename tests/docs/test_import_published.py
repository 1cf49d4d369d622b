"""What the page on published checkpoints tells to type works, and says what the page quotes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image as Pillow

from gan_zoo.components.shapes import Image
from gan_zoo.errors import UserError
from gan_zoo.importer import import_unknown
from gan_zoo_conditions.instance_features_specs import InstanceFeaturesSpec
from gan_zoo_discriminators.single_specs import PatchSpec
from gan_zoo_generators.unet_specs import UNetSpec
from tests.docs.test_how_to import PAGES, ROW, follow, pairs, picture
from tests.importer.foreign import publish, scales, whole

PAGE = "import-published-checkpoints.md"
RGB = Image(3)


def facades(folder: Path, names: str = "GD") -> Path:
    """A U-Net and a PatchGAN of pix2pix, of two channels."""
    specs = {"G": UNetSpec(width=2), "D": PatchSpec(width=2)}
    for name in names:
        publish(folder, name, specs[name], RGB, RGB)
    return folder


def city(folder: Path) -> Path:
    """Generator, discriminator and encoder of pix2pixHD, for four classes."""
    publish(folder, "G", whole(), Image(4 + 1 + 3), RGB)
    publish(folder, "D", scales(2), Image(4 + 1), RGB)
    maps = {"instance": Image(1, instances=2), "target": RGB}
    return publish(folder, "E", InstanceFeaturesSpec(width=2), maps)


def test_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    facades(tmp_path / "checkpoints" / "facades")
    facades(tmp_path / "checkpoints" / "alone", "G")
    city(tmp_path / "checkpoints" / "city")
    pairs(tmp_path / "my_pairs")
    picture(tmp_path / "new_pictures" / "one.png", 50, 70)
    monkeypatch.chdir(tmp_path)
    assert follow(PAGE, capfd) == 10
    with Pillow.open("out/one.png") as made:
        assert (made.height, made.width) == (50, 70)
    assert not Path("runs/never").exists()


def code(folder: Path) -> None:
    torch.save({"net": torch.nn.Conv2d(1, 1, 1)}, folder / "latest_net_G.pth")


def page(folder: Path) -> None:
    (folder / "latest_net_G.pth").write_text("<html>")


def other(folder: Path) -> None:
    torch.save({"fc.weight": torch.zeros(1)}, folder / "latest_net_G.pth")


REFUSED: dict[str, Callable[[Path], object]] = {  # what the page quotes -> what provokes it
    "holds code or objects": code,
    "is damaged, or no checkpoint at all": page,
    "knows its tensors": other,
    "no installed recipe makes a picture of such files alone": lambda folder: (
        folder / "latest_net_G.pth"
    ).unlink(),
    "by its file; the recipe gives it": lambda folder: publish(
        folder, "G", UNetSpec(width=2), Image(5), RGB
    ),
}


def test_the_page_quotes_every_refusal_that_is_provoked_here() -> None:
    _, _, table = (PAGES / PAGE).read_text().partition("## What a refusal means")
    assert ROW.findall(table) == list(REFUSED)


@pytest.mark.parametrize("quoted", REFUSED)
def test_a_refusal_is_worded_as_quoted(quoted: str, tmp_path: Path) -> None:
    folder = facades(tmp_path / "checkpoints")
    REFUSED[quoted](folder)
    with pytest.raises(UserError) as refused:
        import_unknown(folder, tmp_path / "run")
    assert quoted in str(refused.value)
