"""The zoo: whose name is whose, and what is said where a name leads nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gan_zoo.components.learning import LossSpec
from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.components.spec import Spec
from gan_zoo.errors import UserError, near_misses
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo


def absent(self: object, *arguments: Any) -> Any:
    """Stands for what the zoo never calls."""


def loss(name: str) -> type[Spec]:
    body = {"__doc__": "A loss.", "needs": absent, "build": absent, "__module__": __name__}
    return type(LossSpec)(f"{name.title()}Spec", (LossSpec,), body, name=name)


class UNetSpec(GeneratorSpec, name="unet"):
    """A net."""

    build = absent


L1, L2, TEXTURE = loss("l1"), loss("l2"), loss("texture")


def builtin(*components: type[Spec], **about: Any) -> Plugin:
    return Plugin("losses", "gan-zoo", "1.0", components, **about)


def guest(name: str, *components: type[Spec], package: str = "", **about: Any) -> Plugin:
    return Plugin(name, package or f"gan-zoo-{name}", "0.3", components, **about)


def said(zoo: Zoo, name: str, kind: str = "loss") -> str:
    with pytest.raises(UserError) as caught:
        zoo.get(kind, name)
    return str(caught.value)


def test_builtins_own_bare_names_and_guests_bear_their_plugins() -> None:
    zoo = Zoo([builtin(L2, L1), guest("hello", TEXTURE)])
    assert list(zoo.claims("loss")) == ["l1", "l2", "hello/texture"]
    assert zoo.get("loss", "l1") is L1
    assert zoo.get("loss", "hello/texture") is TEXTURE
    assert zoo.name_of(TEXTURE) == "hello/texture"
    owner = zoo.owner(TEXTURE)
    assert owner is not None
    assert str(owner) == "hello (gan-zoo-hello 0.3)"


def test_a_guest_cannot_take_a_bare_name() -> None:
    mine = loss("l1")
    zoo = Zoo([builtin(L1), guest("hello", mine)])
    assert zoo.get("loss", "l1") is L1
    assert zoo.get("loss", "hello/l1") is mine


MESSAGES = {
    "l3": "unknown loss 'l3'; there are l1, l2, unison, hello/texture",
    "unisom": "unknown loss 'unisom'; did you mean unison?",
    "texture": "unknown loss 'texture'; did you mean hello/texture?",
    "hello/textur": "unknown loss 'hello/textur'; did you mean hello/texture?",
    "absent/texture": "unknown loss 'absent/texture'; its plugin is not installed: "
    "pip install gan-zoo-absent",
    "unet": "unknown loss 'unet', which is a generator; there are l1, l2, unison, hello/texture",
}


@pytest.mark.parametrize(("name", "message"), MESSAGES.items())
def test_unknown_names(name: str, message: str) -> None:
    zoo = Zoo([builtin(L1, L2, UNetSpec, loss("unison")), guest("hello", TEXTURE)])
    assert said(zoo, name) == message


def test_two_packages_of_one_name_are_both_named() -> None:
    zoo = Zoo([builtin(L1), guest("hello", TEXTURE), guest("hello", L2, package="other-hello")])
    assert list(zoo.claims("loss")) == ["l1", "hello/l2", "hello/texture"]  # the list goes on
    assert said(zoo, "hello/texture") == (
        "loss 'hello/texture' is claimed by hello (gan-zoo-hello 0.3) and "
        "hello (other-hello 0.3); uninstall one of them"
    )


def test_two_packages_of_one_name_even_if_one_is_broken() -> None:
    broken = guest("hello", package="other-hello", error="ImportError: no")
    assert "claimed by" in said(Zoo([guest("hello", TEXTURE), broken]), "hello/texture")


def test_a_plugin_that_did_not_load_is_blamed_for_its_names() -> None:
    broken = guest("hello", error="ImportError: No module named 'mist'")
    zoo = Zoo([builtin(L1), broken])
    why = "hello (gan-zoo-hello 0.3) did not load: ImportError: No module named 'mist'"
    assert said(zoo, "hello/texture") == f"unknown loss 'hello/texture'; its plugin {why}"
    assert said(zoo, "texture") == f"unknown loss 'texture'; there are l1; {why}"


def test_recipes_by_name(tmp_path: Path) -> None:
    for name in ("plain.yaml", "small/plain.yaml", "ablations/skips.yaml", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    zoo = Zoo([builtin(L1, recipes=(tmp_path,)), guest("hello", recipes=(tmp_path,))])
    assert list(zoo.recipes()) == ["plain", "small/plain", "hello/plain", "hello/small/plain"]
    assert list(zoo.ablations()) == ["skips", "hello/skips"]


def test_a_zoo_of_nothing_answers() -> None:
    assert said(Zoo([]), "l1") == "unknown loss 'l1'; there are none"


def test_near_misses_are_near() -> None:
    assert near_misses("wdith", ["width", "depth", "norm"]) == ["width"]
    assert near_misses("betas", ["beta1", "beta2"]) == ["beta1", "beta2"]
    assert near_misses("color", ["width", "depth"]) == []
