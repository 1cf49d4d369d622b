"""What phases say of a part gives way when a change takes the part out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gan_zoo.checks.contracts import contracts
from gan_zoo.recipe.problems import RecipeError
from gan_zoo.recipe.recipe import Recipe, read_source
from gan_zoo.recipe.validation import parse

WRITTEN = """
extends: pix2pix
generator: {use: resnet, width: 4, blocks: 2}
phases:
  main:
    epochs: 2
    train: [generator.blocks, generator.decoder, discriminator]
    start: {discriminator: fresh}
    set: {losses.l1.weight: 10, data.batch: 2}
  last: {epochs: 1}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(WRITTEN)
    return path


def loaded(file: Path, changes: dict[str, Any]) -> tuple[Recipe, tuple[str, ...]]:
    source = read_source(file, set=changes)
    recipe = parse(Recipe, source)
    contracts(recipe, source)
    return recipe, source.notes


def test_nothing_gives_way_to_other_changes(file: Path) -> None:
    recipe, notes = loaded(file, {"generator.width": 8, "losses.l1.weight": 1})
    assert notes == ()
    assert recipe.phases["main"] == loaded(file, {})[0].phases["main"]


def test_a_replaced_part_is_left_out(file: Path) -> None:
    recipe, notes = loaded(file, {"generator": {"use": "unet", "width": 4}})
    assert recipe.phases["main"].train == ("generator.decoder", "discriminator")
    assert notes == ("phases.main.train: generator.blocks is left out: the change took it away",)


def test_a_removed_loss_is_not_set(file: Path) -> None:
    recipe, notes = loaded(file, {"losses.l1": None})
    assert recipe.phases["main"].set == {"data.batch": 2}
    assert notes == ("phases.main.set: losses.l1.weight is left out: the change took it away",)


def test_a_removed_player_neither_starts_nor_learns(file: Path) -> None:
    gone = ("discriminator", "losses.gan", "optimizers.discriminator")
    recipe, notes = loaded(file, dict.fromkeys(gone))
    assert recipe.phases["main"].train == ("generator.blocks", "generator.decoder")
    assert recipe.phases["main"].start == {}
    assert [note.partition(":")[0] for note in notes] == ["phases.main.train", "phases.main.start"]


def test_what_never_was_stays_a_mistake(file: Path) -> None:
    file.write_text(WRITTEN.replace("generator.blocks", "generator.bloks"))
    with pytest.raises(RecipeError, match=r"did you mean generator\.blocks"):
        loaded(file, {"losses.l1": None})


def test_the_notes_are_said(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from gan_zoo.checks import check

    source = read_source(file, set={"losses.l1": None})
    report = check(parse(Recipe, source), source)
    assert report.notes[0].startswith("phases.main.set: losses.l1.weight is left out")
