"""What every component says of itself. A spec is the menu of one component: what a recipe may say
about it, which shapes it takes, and how to build it. Specs are frozen pydantic models and import no
torch; the networks and functions that they build know nothing of recipes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Protocol, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    PositiveInt,
    SerializationInfo,
    Strict,
    ValidationInfo,
    model_serializer,
)
from pydantic_core import core_schema

# Types that specs share. YAML knows lists only; inside, the numbers stay strict.
Norm = Literal["batch", "instance", "group", "none"]
Size = Annotated[tuple[PositiveInt, PositiveInt], Strict(False)]  # [height, width]


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) != len(set(names)):
        raise ValueError(f"{list(names)} came; name each once")
    return names


# Differentiable augmentation, in the order in which it is done; see components/augment.py.
Augments = Annotated[
    tuple[Literal["color", "translation", "cutout"], ...],
    Strict(False),
    AfterValidator(_each_once),
]


class Names(Protocol):
    """Who knows components by name: the registry's Zoo."""

    def resolve(self, kind: type[Spec], value: Any, context: Mapping[str, Any]) -> Spec:
        """The component that `{use: NAME, option: value, ...}` means, of a kind."""
        ...

    def name_of(self, spec: type[Spec]) -> str:
        """The name by which a recipe calls a spec."""
        ...


class Spec(BaseModel):
    """What every component says of itself. Subclass one of the kinds with a name:

        class UNetSpec(GeneratorSpec, name="unet"): ...

    An unnamed class may stand between a kind and its specs, as `class Single(DiscriminatorSpec)`:
    it is no component, and a field of its type takes only the named subclasses of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    kind: ClassVar[str] = ""
    name: ClassVar[str] = ""
    per_phase: ClassVar[frozenset[str]] = frozenset()  # options that a phase's `set` may change
    capped: ClassVar[frozenset[str]] = frozenset()  # those of them that it may only lower
    earlier: ClassVar[
        Mapping[str, Any]
    ] = {}  # option -> its value in runs made before there was it

    @classmethod
    def __init_subclass__(cls, *, kind: str = "", name: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.name = name
        if kind:
            cls.kind = kind

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> core_schema.CoreSchema:
        """A field of a kind takes any registered component of it: a spec, or `{use: NAME, ...}`."""
        if cls.name or not cls.kind:
            return handler(source)  # type: ignore[no-any-return]

        def look_up(value: Any, info: ValidationInfo) -> Spec:
            if isinstance(value, cls):
                return value
            context = dict(info.context or {})
            return _names(context).resolve(cls, value, context)

        return core_schema.with_info_plain_validator_function(
            look_up,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda spec, info: spec.model_dump(context=info.context, mode=info.mode),
                info_arg=True,
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        if cls.name or not cls.kind:
            return handler(schema)  # type: ignore[no-any-return]
        return {"x-component": cls.kind}  # becomes a choice in gan_zoo.recipe.schema

    @classmethod
    def example(cls) -> Self:
        """A small one for gan_zoo.testing; override it for required options or large defaults."""
        return cls()

    def missing(self) -> list[str]:
        """What is not at hand and needed before a run, each with its cure: data, weights."""
        return []

    def notes(self) -> list[str]:
        """What `check` tells of these options though nothing is wrong with them, a line each."""
        return []

    def with_absolute_paths(self) -> Self:
        """The same from any working directory: relative paths of files made absolute, those of
        components in it too. One whose options name a file says how.
        """
        moved = {name: from_anywhere(value) for name, value in self}
        changed = {name: value for name, value in moved.items() if value != getattr(self, name)}
        return self.model_copy(update=changed) if changed else self

    @model_serializer(mode="wrap")
    def _with_use(self, handler: Any, info: SerializationInfo) -> dict[str, Any]:
        return {"use": _names(info.context or {}).name_of(type(self)), **handler(self)}


def from_anywhere(value: Any) -> Any:
    """A component, or several in a mapping or a list, from any working directory; whatever else it
    is stays as it is.
    """
    if isinstance(value, Spec):
        return value.with_absolute_paths()
    if isinstance(value, Mapping):
        return {key: from_anywhere(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [*map(from_anywhere, value)]
    if isinstance(value, tuple):
        return tuple(map(from_anywhere, value))
    return value


_DEFAULT: list[Callable[[], Names]] = []


def use_names(default: Callable[[], Names]) -> None:
    """Who is asked for components by name where pydantic's context names nobody; the registry says
    so when it is imported. Specs do not ask the registry themselves, as it is made of them.
    """
    _DEFAULT[:] = [default]


def _names(context: Mapping[str, Any]) -> Names:
    """Who knows names: the zoo of pydantic's context, else the default."""
    if zoo := context.get("zoo"):
        named: Names = zoo
        return named
    assert _DEFAULT, (
        "nobody knows components by name yet: import gan_zoo.testing, or gan_zoo.Recipe"
    )
    return _DEFAULT[0]()
