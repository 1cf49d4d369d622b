from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import gan_zoo
from gan_zoo import Recipe, UserError, import_run, import_unknown

Make = Callable[..., Recipe]


@pytest.fixture
def files(plain: SimpleNamespace, tmp_path: Path) -> tuple[Path, Mapping[str, Any]]:
    """What the published program leaves behind."""
    torch.manual_seed(0)
    networks = {
        "G_A": plain.Generator(4, 2),
        "G_B": plain.Generator(4, 2),
        "D_A": plain.Discriminator(4, 3),
        "D_B": plain.Discriminator(4, 3),
    }
    folder = tmp_path / "published"
    folder.mkdir()
    for name, network in networks.items():
        torch.save(network.state_dict(), folder / f"latest_net_{name}.pth")
    return folder, networks


WIDTHS = {
    "generator.width": 4,
    "generator.blocks": 2,
    "discriminator.width": 4,
    "discriminator.layers": 3,
}


@pytest.mark.parametrize(("translate", "file"), [("a_to_b", "G_A"), ("b_to_a", "G_B")])
def test_four_files_translate_as_the_published_networks(
    tiny: Make, files: Any, tmp_path: Path, translate: str, file: str
) -> None:
    folder, networks = files
    recipe = tiny({**WIDTHS, "method.translate": translate})
    lines = import_run(folder, recipe, tmp_path / "run")
    count = sum(parameter.numel() for parameter in networks["G_A"].parameters())
    for name, suffix in (("a_to_b", "A"), ("b_to_a", "B")):
        made = f"generator.{name} (resnet): latest_net_G_{suffix}.pth, {count:,} parameters"
        assert made in lines
        told = f"discriminator.{name} (patch): latest_net_D_{suffix}.pth, "
        assert any(line.startswith(told) for line in lines)
    translator = gan_zoo.load(tmp_path / "run", device="cpu")
    picture = torch.rand(3, 24, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.no_grad():
        expected = networks[file](picture[None])[0]
    torch.testing.assert_close(translator(picture), expected, rtol=0, atol=1e-5)
    assert translator(np.zeros((8, 8, 3), np.uint8)).shape == (8, 8, 3)


def test_without_a_recipe_it_is_read_off_the_files(files: Any, tmp_path: Path) -> None:
    folder, networks = files
    lines = import_unknown(folder, tmp_path / "run", {"engine.device": "cpu"})
    resumed = lines.index("Assumed for `resume`, in the same way:")
    assert lines.index("  method.translate=a_to_b") < resumed < lines.index("  method.pool=50")
    translator = gan_zoo.load(tmp_path / "run", device="cpu")
    assert translator.recipe.method.model_dump(mode="json")["use"] == "cyclegan/cyclic"
    picture = torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.no_grad():
        expected = networks["G_A"](picture[None])[0]
    torch.testing.assert_close(translator(picture), expected, rtol=0, atol=1e-5)


def test_both_generators_are_needed_and_discriminators_are_not(
    tiny: Make, files: Any, tmp_path: Path
) -> None:
    folder, _ = files
    (folder / "latest_net_D_B.pth").unlink()
    lines = import_run(folder, tiny(WIDTHS), tmp_path / "run")
    assert any("there is no *_net_D_B.pth, so it starts with fresh weights" in it for it in lines)
    (folder / "latest_net_G_B.pth").unlink()
    with pytest.raises(UserError, match=r"has no latest_net_G_B\.pth for generator\.b_to_a"):
        import_run(folder, tiny(WIDTHS), tmp_path / "another")
