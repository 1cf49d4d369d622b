"""What holds for parts of networks: those that play, and those that phases or files name."""

from __future__ import annotations

from typing import Any

import torch

from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.testing.probe import (
    Probe,
    call,
    list_shapes,
    probe,
    promised_shapes,
    shapes,
)
from gan_zoo.testing.subject import Advice, Subject, check, trying


@check("generator", "discriminator")
def parts_exist_and_cover(subject: Subject) -> None:
    """parts() and plays() lead to submodules, and parts leave no parameter out."""
    tested = probe(subject)
    module, parts = tested.build().double(), tested.spec.parts()
    names = dict(module.named_parameters())
    covered: set[str] = set()
    for part, path in parts.items():
        with trying(
            f"looked for the part {part} at {path}",
            expected="a submodule of what build() makes",
            cure="correct the path in parts()",
        ):
            own = module.get_submodule(path)
        covered |= {f"{path}.{name}" for name, _ in own.named_parameters()}
    if parts and (left := [name for name in names if name not in covered]):
        raise Advice(
            f"collected the parameters of the parts {', '.join(parts)}",
            came=f"{left[0]} is in none ({len(left)} are in none)",
            expected="parts that leave nothing out: a phase could not name the rest",
            cure="add the part that holds it",
        )
    if isinstance(tested.spec, GeneratorSpec):
        _parts_play(tested, module)


def _parts_play(tested: Probe, module: torch.nn.Module) -> None:
    for part in tested.spec.plays():
        with (
            trying(
                f"made a picture with the part {part}, which plays() names ({tested})",
                expected="a picture of the condition's size",
                cure="give the part a head of its own, or take it out of plays()",
            ),
            torch.no_grad(),
        ):
            player = module.get_submodule(tested.spec.parts().get(part, part)).eval()
            came = shapes(call(player, tested.inputs(2)))
        if came != promised_shapes([[tested.wanted]]):
            raise Advice(
                f"made a picture with the part {part}, which plays() names ({tested})",
                came=list_shapes(came),
                expected=list_shapes(promised_shapes([[tested.wanted]])),
                cure="give the part a head of its own, or take it out of plays()",
            )


@check("generator")
def features_lead_to_the_head(subject: Subject) -> None:
    """What features() promises is there, and the head makes the picture of it."""
    tested = probe(subject)
    said_features = tested.spec.features(tested.given, tested.wanted)
    if said_features is None:
        return
    module: Any = tested.build().double().eval()
    [condition] = tested.inputs(2)
    done = f"made the picture by module.head(module.features(condition)) ({tested})"
    cure = "correct features(), or give the module both methods; None hides what lies before a head"
    with trying(done, expected="a picture", cure=cure), torch.no_grad():
        features = module.features(condition)
        same = torch.equal(module.head(features), module(condition))
    came, expected = shapes([[features]]), promised_shapes([[said_features]])
    if came != expected or not same:
        raise Advice(
            done,
            came=f"features {list_shapes(came)}, {'the' if same else 'another'} picture",
            expected=f"features {list_shapes(expected)}, the picture that the whole makes",
            cure=cure,
        )


@check("generator", "discriminator", "condition")
def published_layouts_fill_the_network(subject: Subject) -> None:
    """Every published key leads to a tensor of ours, and every learned tensor has a key."""
    tested = probe(subject)
    state = tested.build().state_dict()
    shapes_of = [tested.maps()] if tested.data else [tested.given, tested.wanted]
    for layout in tested.spec.published(*shapes_of):
        ours = [*layout.keys.values(), *layout.rests]
        lost = sorted(set(ours) - set(state))
        # A counter of batches, which old files lack, decides nothing here.
        empty = sorted(k for k in set(state) - set(ours) if state[k].is_floating_point())
        if lost or empty or len(set(ours)) != len(ours):
            raise Advice(
                "compared published() with the network's state_dict()",
                came=f"no such key: {', '.join(lost[:3]) or 'none'}; "
                f"without a source: {', '.join(empty[:3]) or 'none'}",
                expected="one published key for every tensor",
                cure="correct the key map of published()",
            )
