"""What holds for conditions: the contract equals what the module does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from gan_zoo.components.conditions import ConditionSpec
from gan_zoo.components.norms import HALF
from gan_zoo.components.shapes import Image
from gan_zoo.errors import ContractError, UserError
from gan_zoo.testing.fixtures import recipe_for_conditions
from gan_zoo.testing.hearing import hear
from gan_zoo.testing.options import changed, variants
from gan_zoo.testing.probe import Probe, call, data_for, list_shapes, probe, promised_shapes, shapes
from gan_zoo.testing.subject import Advice, Subject, check, trying


class _Asked(dict[str, Tensor]):
    """Maps that remember which of them were read."""

    def __init__(self, maps: Mapping[str, Tensor]) -> None:
        super().__init__(maps)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Tensor:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """As dict's, remembered."""
        self.read.add(name)
        return super().get(name, default)


@check("condition")
def gives_what_it_says_over_odd_sizes(subject: Subject) -> None:
    """The shape that gives() says, at odd and even sizes and batches."""
    example: ConditionSpec = subject.ready()
    tried = 0
    for label, spec in [("example()", example), *variants(example, subject.zoo)]:
        if spec.missing():
            continue
        try:
            data = data_for(spec, subject)
        except Advice:
            if spec is example:
                raise
            continue  # another value may ask for a map that no data has
        for n, (height, width) in enumerate(((16, 16), (33, 31), (40, 64), (7, 5))):
            batch = 1 + n % 3
            tested = Probe(spec, Image(0), Image(0, height, width), data, label)
            try:
                expected = promised_shapes(tested.expected())
                inputs = tested.inputs(batch)
            except (ContractError, UserError):
                continue  # refused by gives(), or by the data
            tried += 1
            done = f"built and called with a batch of {batch} ({tested})"
            cure = "refuse these maps in gives()"
            with trying(done, expected=list_shapes(expected), cure=cure), torch.no_grad():
                came = shapes(call(tested.build().double().eval(), inputs))
            if came != expected:
                raise Advice(
                    done,
                    came=list_shapes(came),
                    expected=f"{list_shapes(expected)}, as gives() says",
                    cure="correct gives(), or refuse these maps in it",
                )
    if not tried:
        raise Advice(
            "tried sizes from 7x5 to 40x64",
            came="all were refused",
            expected="a size that works",
            cure="let example() accept small pictures",
        )


@check("condition")
def reads_what_needs_says(subject: Subject) -> None:
    """The maps that it reads = needs()."""
    tested = probe(subject)
    needs = set(tested.spec.needs())
    asked = _Asked({name: t for name, t in tested.inputs(2)[0].items() if name in needs})
    with (
        trying(
            f"called it with the maps of needs() alone: {', '.join(sorted(needs))}",
            expected="a tensor",
            cure="name in needs() every map that it reads",
        ),
        torch.no_grad(),
    ):
        call(tested.build().double().eval(), [asked])
    if idle := sorted(needs - asked.read):
        raise Advice(
            f"called it with the maps of needs() alone: {', '.join(sorted(needs))}",
            came=f"it never read {', '.join(idle)}",
            expected="every map that needs() names",
            cure=f"take {', '.join(idle)} out of needs()",
        )


@check("condition")
def chance_is_declared(subject: Subject) -> None:
    """What learns nothing makes equal conditions of equal maps, or says by_chance."""
    tested = probe(subject)
    if tested.spec.by_chance or tested.spec.learns():
        return
    module, made = tested.build().double().train(), []
    for seed in (1, 2):
        torch.manual_seed(seed)
        with torch.no_grad():
            made.append(call(module, tested.inputs(2)))
    views = [[tensor for view in one for tensor in view] for one in made]
    if not all(map(torch.equal, *views)):
        raise Advice(
            "called it twice in training, with the same maps",
            came="two conditions",
            expected="one: a pool of earlier pictures makes it again of the maps that it holds",
            cure="declare by_chance = True in the spec; the pool then holds what was made",
        )


@check("condition")
def half_holds_what_it_says(subject: Subject) -> None:
    """What says exact_in_half makes numbers that bfloat16 and float16 hold as they are."""
    tested = probe(subject)
    if not tested.spec.exact_in_half:
        return
    with torch.no_grad():
        made = call(tested.build().double().eval(), tested.inputs(2))
    numbers = [tensor for view in made for tensor in view]
    for half in HALF:
        if not all(torch.equal(one.to(half).to(one), one) for one in numbers):
            raise Advice(
                f"rounded what it made to {str(half).removeprefix('torch.')}",
                came="other numbers",
                expected="the same: a run in half keeps it so",
                cure="take exact_in_half out of the spec",
            )


@check("condition")
def gradients_stay_with_its_player(subject: Subject) -> None:
    """What it learns, it learns with the generator: no other player's loss reaches its weights."""
    example: ConditionSpec = subject.ready()
    if not example.learns():
        return
    for seen_by in ("both", "generator"):
        spec = changed(example, "seen_by", seen_by)
        if spec is None:
            continue
        recipe = recipe_for_conditions(subject.zoo, data_for(spec, subject), {"tested": spec})
        for loss in recipe.losses.values():
            for player, heard in hear(loss, recipe).items():
                if strangers := heard.strangers(player):
                    raise Advice(
                        f"played a step with it and took the gradient of the {player}'s terms of "
                        f"{loss.name} (seen_by: {seen_by})",
                        came=f"it reaches {', '.join(strangers)} too",
                        expected=f"a gradient in the {player}'s own networks only",
                        cure="leave the maps as they are: one that is changed in place carries "
                        "your weights to all who read it (x = x * w, not x *= w)",
                    )
