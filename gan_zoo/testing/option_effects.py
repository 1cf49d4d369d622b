"""No option silently ignored: another value must make something else that can be seen."""

from __future__ import annotations

import copy
import hashlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_zoo.checks.score_contracts import refuse_unscorable
from gan_zoo.components.conditions import ConditionSpec
from gan_zoo.components.learning import LossSpec
from gan_zoo.components.networks import DiscriminatorSpec, GeneratorSpec
from gan_zoo.components.shapes import Image
from gan_zoo.components.spec import Spec
from gan_zoo.errors import ContractError, UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.testing import hearing, losses, methods, metrics, optimizers_and_inits
from gan_zoo.testing.fixtures import wire_conditions
from gan_zoo.testing.options import changed, choices, format_value
from gan_zoo.testing.probe import Probe, call, comfortable, data_for
from gan_zoo.testing.subject import Advice, NotAtHand, Subject, check, format_problem

Seen = Mapping[str, str]  # aspect -> fingerprint

# Options of a kind that the engine reads from the spec itself, so that no component can miss them.
READ_BY_THE_ENGINE = {"data": ("batch", "workers")}


@check()
def no_option_is_ignored(subject: Subject) -> None:
    """Another value of any option shows somewhere; of a short list, every two values do.

    It may show beside the example's other options, or beside one other value of them.
    """
    example = subject.ready()
    glass = Glass(subject)
    for option in subject.spec.model_fields:
        offered = choices(example, option, subject.zoo)
        values = [getattr(example, option), *(choice.value for choice in offered)]
        distinct = [values[0], *(choice.value for choice in offered if choice.distinct)]
        if len(values) == 1:
            if not _has_alternatives(subject.spec, option):
                continue
            raise Advice(
                f"looked for another value of the option {option}",
                came=f"none besides {format_value(values[0])} is known from its type",
                expected="a value to try",
                cure="give examples: Field(..., examples=[...])",
            )
        apart = [*itertools.combinations(distinct, 2)]
        for ours, theirs in apart:
            if not glass.differ(example, option, [(ours, theirs)]):
                _ignored(option, ours, [theirs], glass)
        others = [c.value for c in offered if not c.distinct]
        if others and not glass.differ(example, option, [(values[0], v) for v in others]):
            _ignored(option, values[0], others, glass)


def _has_alternatives(spec: type[Spec], option: str) -> bool:
    """Whether the schema allows more than one value; one word alone is no option to ignore."""
    schema = spec.model_json_schema()["properties"][option]
    return "const" not in schema


def _ignored(option: str, ours: Any, theirs: list[Any], glass: Glass) -> None:
    raise Advice(
        f"built it with {option}: {format_value(ours)} and with {option}: "
        f"{', '.join(map(format_value, theirs))}, beside one other value of each other option",
        came=f"no difference in {', '.join(glass.aspects) or 'anything'}",
        expected="an option that does something",
        cure=f"use self.{option} in build() and in the contract, or remove the option; if its "
        "effect needs other values, let example() have them or give Field(..., examples=[...])",
    )


class Glass:
    """Looks at components, at each once."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        # What differs between two looks at one spec says nothing, as an address in memory.
        self.aspects: dict[str, None] = {}
        self.noise: frozenset[str] = frozenset()
        self._seen: dict[str, Seen | None] = {}
        once, again = (self._look(subject.example) or {} for _ in range(2))
        self.noise = frozenset(aspect for aspect in once if once[aspect] != again.get(aspect))

    def differ(self, example: Any, option: str, pairs: list[tuple[Any, Any]]) -> bool:
        """Whether one of the pairs of values shows, beside some values of the other options."""
        for around in self._surroundings(example, option):
            for values in pairs:
                ours, theirs = (changed(around, option, value) for value in values)
                if ours is None or theirs is None:
                    continue
                one, other = self.look(ours), self.look(theirs)
                if one is not None and other is not None and one != other:
                    return True
        return False

    def _surroundings(self, example: Any, option: str) -> Iterator[Any]:
        yield example
        for other in type(example).model_fields:
            if other != option:
                for choice in choices(example, other, self.subject.zoo):
                    if (spec := changed(example, other, choice.value)) is not None:
                        yield spec

    def look(self, spec: Any) -> Seen | None:
        """What can be seen of a spec; None where it cannot be built."""
        key = repr(spec)
        if key not in self._seen:
            seen = self._look(spec)
            if seen is not None:
                self.aspects |= dict.fromkeys(seen)
            self._seen[key] = seen
        return self._seen[key]

    def _look(self, spec: Any) -> Seen | None:
        try:
            seen = dict(LOOKS[spec.kind](spec, self.subject))
        except (NotAtHand, ContractError, UserError, Advice):
            return None
        return {aspect: print for aspect, print in seen.items() if aspect not in self.noise}


# ---------------------------------------------------------------------------------- looks


def _network(spec: Any, subject: Subject) -> Iterator[tuple[str, str]]:
    tested = comfortable(spec)
    yield "parts", repr(spec.parts())
    yield "missing", repr(spec.missing())
    if isinstance(spec, GeneratorSpec):
        yield "multiple", str(spec.multiple())
        yield "plays", repr(list(spec.plays()))
    if tested is None:
        return
    if isinstance(spec, DiscriminatorSpec):
        yield "views", repr(spec.views(tested.given, tested.wanted))
        yield "receptive field", str(spec.receptive_field())
    yield from _module(tested)


def _condition(spec: ConditionSpec, subject: Subject) -> Iterator[tuple[str, str]]:
    yield "needs", repr(spec.needs())
    data = data_for(spec, subject)
    tested = Probe(spec, Image(0), Image(0, 32, 32), data)
    yield "gives", repr(spec.gives(tested.maps()))
    wiring = wire_conditions(subject.zoo, data, {"tested": spec})
    yield "wiring", repr([(n.name, n.given) for n in wiring.networks])
    yield from _module(tested)


def _module(tested: Probe) -> Iterator[tuple[str, str]]:
    module = tested.build().double()
    yield "layers", repr(module)
    yield "first weights", fingerprint(module.state_dict())
    inputs = tested.inputs(2)
    for training in (False, True):
        torch.manual_seed(0)
        with torch.no_grad():
            try:
                made = call(copy.deepcopy(module).train(training), inputs)
            except ValueError as problem:  # batch norm of a single value
                yield "output", format_problem(problem)
            else:
                yield f"output in {'training' if training else 'evaluation'}", fingerprint(made)


def _loss(spec: Any, subject: Subject) -> Iterator[tuple[str, str]]:
    yield "needs", repr(sorted((p, sorted(n)) for p, n in spec.needs().items()))
    yield "missing", repr(spec.missing())
    if spec.missing():
        return
    loss, recipe = losses.loss_in_recipe(subject.around(spec))
    yield "check", _refusal(loss, recipe)
    for player, heard in hearing.hear(loss, recipe).items():
        terms = [(t.label, t.value.item(), (t.value * t.factor).item()) for t in heard.terms]
        yield f"terms of the {player}", repr(terms)
        yield f"gradients of the {player}", fingerprint(heard.gradients)


def _refusal(loss: LossSpec, recipe: Recipe) -> str:
    """What its check() says of a recipe with no other loss."""
    try:
        loss.check(recipe.parts(), recipe.method.wire(recipe.parts()))
    except ContractError as problem:
        return format_problem(problem)
    return ""


def _method(spec: Any, subject: Subject) -> Iterator[tuple[str, str]]:
    recipe = methods.recipe_for(subject.around(spec))
    wiring = spec.wire(recipe.parts())
    yield (
        "wiring",
        repr((wiring.networks, sorted((p, sorted(n)) for p, n in wiring.offers.items()))),
    )
    torch.manual_seed(0)
    yield "weights after some steps", fingerprint(dict(methods.moved_in(recipe, 6)))


def _optimizer(spec: Any, subject: Subject) -> Iterator[tuple[str, str]]:
    parameters = optimizers_and_inits.toy_parameters()
    optimizer = spec.build(parameters.values())
    groups = [{k: v for k, v in g.items() if k != "params"} for g in optimizer.param_groups]
    yield "settings", repr(groups)
    optimizers_and_inits.descend(parameters, optimizer, range(3))
    yield "steps", fingerprint(parameters)


def _init(spec: Any, subject: Subject) -> Iterator[tuple[str, str]]:
    yield "weights", fingerprint(optimizers_and_inits.fill_samples(spec.build()))


def _metric(spec: Any, subject: Subject) -> Iterator[tuple[str, str]]:
    refuse_unscorable(spec, metrics.context().maps)
    yield "missing", repr(spec.missing())
    if not spec.missing():
        yield "score", repr(metrics.score(spec, metrics.pictures()))


def _callback(spec: Any, subject: Subject) -> Iterator[tuple[str, str]]:
    made = spec.build()
    yield "attributes", repr(sorted(getattr(made, "__dict__", {"": made}).items()))


def _executor(spec: Any, subject: Subject) -> Iterator[tuple[str, str]]:
    for device in ("cpu", "cuda"):
        try:
            made = spec.build(device=device, jobs=None)
        except UserError as problem:
            yield f"refusal on {device}", str(problem)
        else:
            yield f"places on {device}", repr(list(made.places))
            yield f"attributes on {device}", repr(sorted(getattr(made, "__dict__", {}).items()))


def _data(spec: Any, subject: Subject) -> Iterator[tuple[str, str]]:
    for option in READ_BY_THE_ENGINE["data"]:
        yield option, str(getattr(spec, option))
    yield "missing", repr(spec.missing())
    if spec.missing():
        return
    for size in (None, (32, 32), (24, 40)):
        try:
            yield f"maps at {size}", repr(spec.maps(size))
            dataset = spec.open("train", size)
            yield f"description at {size}", dataset.describe()
            draws = [None, *(np.random.default_rng(seed) for seed in range(3))]
            made = [dataset.read(n, draw).maps for n, draw in enumerate(draws)]
        except (ContractError, UserError) as problem:
            yield f"samples at {size}", format_problem(problem)
        else:
            yield f"samples at {size}", fingerprint(made)


LOOKS: dict[str, Callable[[Any, Subject], Iterator[tuple[str, str]]]] = {
    "generator": _network,
    "discriminator": _network,
    "condition": _condition,
    "loss": _loss,
    "method": _method,
    "optimizer": _optimizer,
    "init": _init,
    "metric": _metric,
    "callback": _callback,
    "executor": _executor,
    "data": _data,
}


def fingerprint(value: Any) -> str:
    """Of tensors in lists and mappings: equal where all numbers are equal."""
    made = hashlib.sha256()

    def add(item: Any) -> None:
        if isinstance(item, Tensor):
            made.update(repr((tuple(item.shape), item.dtype)).encode())
            made.update(item.detach().contiguous().numpy().tobytes())
        elif isinstance(item, Mapping):
            for key, inner in item.items():
                made.update(str(key).encode())
                add(inner)
        else:
            for inner in item:
                add(inner)

    add(value)
    return made.hexdigest()
