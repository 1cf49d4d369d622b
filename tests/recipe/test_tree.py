"""The one way to change a recipe: mappings merge, `use` replaces, null removes, lists replace."""

from __future__ import annotations

from typing import Any

import pytest

from gan_zoo.recipe.problems import Place
from gan_zoo.recipe.tree import Node, merge, patch, steps

BASE = {
    "seed": 1,
    "generator": {"use": "unet", "width": 32, "sizes": [1, 2]},
    "losses": {"gan": {"use": "adversarial"}, "l1": {"use": "l1", "weight": 100}},
}


def changed(**parts: Any) -> dict[str, Any]:
    return {**BASE, **parts}


@pytest.mark.parametrize(
    ("change", "result"),
    [
        ({"seed": 2}, changed(seed=2)),
        ({"generator": {"width": 64}}, changed(generator={**BASE["generator"], "width": 64})),
        ({"generator": {"depth": 6}}, changed(generator={**BASE["generator"], "depth": 6})),
        ({"generator": {"sizes": [3]}}, changed(generator={**BASE["generator"], "sizes": [3]})),
        ({"generator": {"use": "resnet", "blocks": 6}},
         changed(generator={"use": "resnet", "blocks": 6})),
        ({"generator": {"use": "unet", "width": 8}},
         changed(generator={**BASE["generator"], "width": 8})),
        ({"generator": {"width": None}}, changed(generator={"use": "unet", "sizes": [1, 2]})),
        ({"losses": {"l1": None}}, changed(losses={"gan": {"use": "adversarial"}})),
        ({"losses": None}, {key: value for key, value in BASE.items() if key != "losses"}),
        ({"losses": {"tv": {"use": "tv"}}},
         changed(losses={**BASE["losses"], "tv": {"use": "tv"}})),
        ({"losses": {"tv": None}}, changed(losses={**BASE["losses"], "tv": None})),
        ({"seed": {"of": 1}}, changed(seed={"of": 1})),
        ({"generator": "resnet"}, changed(generator="resnet")),
        ({}, BASE),
    ],
    ids=str,
)  # fmt: skip
def test_merging(change: dict[str, Any], result: dict[str, Any]) -> None:
    base = Node.of(BASE)
    assert merge(base, Node.of(change)).plain() == result
    assert base.plain() == BASE  # nothing is changed in place


def test_order_is_kept_and_what_is_new_comes_last() -> None:
    merged = merge(Node.of({"b": 1, "a": 2}), Node.of({"c": 3, "a": 4})).plain()
    assert list(merged) == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("key", "value", "same_as"),
    [
        ("seed", 2, {"seed": 2}),
        ("generator.width", 64, {"generator": {"width": 64}}),
        ("generator.use", "resnet", {"generator": {"use": "resnet"}}),
        ("losses.l1", None, {"losses": {"l1": None}}),
        ("losses.tv", {"use": "tv"}, {"losses": {"tv": {"use": "tv"}}}),
        ("engine.device", "cpu", {"engine": {"device": "cpu"}}),
        ("seed.of.all", 1, {"seed": {"of": {"all": 1}}}),
    ],
)
def test_a_path_patches_as_nested_mappings_merge(key: str, value: Any, same_as: Any) -> None:
    base = Node.of(BASE)
    assert patch(base, key, Node.of(value)).plain() == merge(base, Node.of(same_as)).plain()


def test_places_move_with_their_values() -> None:
    base, file, argument = Place("base.yaml", 1), Place("mine.yaml", 2), Place("--set x=y")
    tree = merge(Node.of(BASE, base), Node.of({"generator": {"width": 64}}, file))
    tree = patch(tree, "losses.l1.weight", Node.of(5, argument))
    tree = patch(tree, "engine.device", Node.of("cpu", argument))
    places = {
        "seed": base,
        "generator": file,  # the last file that spoke of it
        "generator.width": file,
        "generator.use": base,
        "losses.l1": base,  # an argument speaks of its value only
        "losses.l1.weight": argument,
        "losses.l1.absent": base,
        "engine": argument,
        "engine.device": argument,
    }
    assert {key: tree.place_of(tuple(key.split("."))) for key in places} == places


def test_a_replaced_component_stands_where_its_use_stands() -> None:
    argument = Place("--set generator.use=resnet")
    tree = patch(Node.of(BASE, Place("base.yaml", 1)), "generator.use", Node.of("resnet", argument))
    assert tree.place_of(("generator",)) == argument
    assert tree.place_of(("generator", "width")) == argument


def test_what_follows_a_phases_set_is_one_step() -> None:
    assert steps("phases.main.set.data.batch") == ["phases", "main", "set", "data.batch"]
    assert steps("phases.main.set") == ["phases", "main", "set"]
    assert steps("phases.main.epochs") == ["phases", "main", "epochs"]
    assert steps("data.set.a.b") == ["data", "set", "a", "b"]
