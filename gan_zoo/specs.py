"""The kinds of components. A spec is the menu of one component: what a recipe may say about it,
which shapes it takes, and how to build it. Specs are frozen pydantic models and import no torch;
the networks and functions that they build know nothing of recipes.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    SerializationInfo,
    Strict,
    ValidationInfo,
    model_serializer,
)
from pydantic_core import core_schema

from gan_zoo.published import Published as Published
from gan_zoo.published import ReadableCondition, ReadableNetwork
from gan_zoo.shapes import Image

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from torch import nn

    from gan_zoo.protocols import Dataset, LossFunction, Method, Metric
    from gan_zoo.recipe.model import Recipe
    from gan_zoo.wiring import Wiring

# Types that specs share. YAML knows lists only; inside, the numbers stay strict.
Norm = Literal["batch", "instance", "group", "none"]
Size = Annotated[tuple[PositiveInt, PositiveInt], Strict(False)]  # [height, width]

KINDS: dict[str, type[Spec]] = {}


class Spec(BaseModel):
    """What every component says of itself. Subclass one of the kinds below with a name:

    class UNetSpec(GeneratorSpec, name="unet"): ...

    An unnamed class may stand between a kind and its specs, as `class Single(DiscriminatorSpec)`:
    it is no component, and a field of its type takes only the named subclasses of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    kind: ClassVar[str] = ""
    name: ClassVar[str] = ""
    per_phase: ClassVar[frozenset[str]] = frozenset()  # options that a phase's `set` may change
    capped: ClassVar[frozenset[str]] = frozenset()  # those of them that it may only lower

    @classmethod
    def __init_subclass__(cls, *, kind: str = "", name: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.name = name
        if kind:
            cls.kind = kind
            KINDS[kind] = cls

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> core_schema.CoreSchema:
        """A field of a kind takes any registered component of it: a spec, or `{use: NAME, ...}`."""
        if cls.name or not cls.kind:
            return handler(source)  # type: ignore[no-any-return]

        def looked_up(value: Any, info: ValidationInfo) -> Spec:
            from gan_zoo.zoo import resolve  # the zoo knows specs, so specs ask it late

            return resolve(cls, value, info.context)

        return core_schema.with_info_plain_validator_function(
            looked_up,
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

    def anchored(self) -> Self:
        """The same from any working directory: relative paths of data and losses made absolute."""
        return self

    @model_serializer(mode="wrap")
    def _with_use(self, handler: Any, info: SerializationInfo) -> dict[str, Any]:
        from gan_zoo.zoo import Zoo

        zoo = (info.context or {}).get("zoo") or Zoo.installed()
        return {"use": zoo.name_of(type(self)), **handler(self)}


# ---------------------------------------------------------------------------------- data


class DataSpec(Spec, kind="data"):
    """Samples of named maps: pictures (`source`, `target`) and ids (`label`, `instance`)."""

    per_phase = frozenset({"batch"})
    paired: ClassVar[bool] = True  # the maps of a sample belong together

    batch: PositiveInt = 1
    """Samples a step."""
    workers: int = Field(2, ge=0)
    """Processes that read ahead; order and pixels are the same for any number."""

    @abstractmethod
    def maps(self, size: Size | None = None) -> dict[str, Image]:
        """The maps of a sample and their shapes in training, from the recipe alone."""

    def counted(self) -> Mapping[str, str]:
        """Map -> the option that says how many channels or classes it has, where one does."""
        return {name: name for name in self.maps() if name in type(self).model_fields}

    def ignored(self, name: str) -> tuple[int, ...]:
        """Ids beyond its classes that a map may hold too; conditions make nothing of them."""
        return ()

    @abstractmethod
    def open(self, split: str, size: Size | None = None) -> Dataset:
        """The samples of a split. `size` [height, width] takes the place of the size rule.

        Raises:
            DataError: where the files are not what the recipe says; names the file.
        """

    @abstractmethod
    def inputs(
        self, path: str | Path, *, pairs: bool = False, maps: Sequence[str] | None = None
    ) -> Dataset:
        """Samples without a target, for translation: of a file or a folder, as they are.

        Args:
            pairs: The files hold input and target, as in training; take the input out of them.
            maps: The maps that the model asks for; all but the target if absent. With the target
                among them the path is one of targets, and the others lie where its layout says.

        Raises:
            DataError: names the file.
        """

    def inspect(self, split: str, size: Size | None = None) -> list[str]:
        """Every mistake in the files of a split, found without training on them."""
        return []

    def decode(self, split: str, size: Size | None = None) -> list[str]:
        """As `inspect`, with all pixels read: for a check, since it may take minutes."""
        return self.inspect(split, size)

    def sizes(self, split: str, size: Size | None = None) -> Mapping[tuple[int, int], str]:
        """Each (height, width) in training -> its first file; empty if `maps` tells, or no file."""
        return {}


# ---------------------------------------------------------------------------------- networks


class NetworkSpec(ReadableNetwork, Spec):
    """A network that takes `given` and is wanted to make, or to judge, `wanted`."""

    exportable: ClassVar[bool] = False  # torch.export takes its module, for batches of any number

    def check(self, given: Image, wanted: Image) -> None:
        """Refuse shapes that the network cannot take. Pure Python.

        Raises:
            ContractError: says the cure.
        """

    @abstractmethod
    def build(self, given: Image, wanted: Image) -> nn.Module:
        """The plain module, on the current default device and without weights of its own. Reads no
        file and downloads nothing: a rehearsal builds it on the meta device.
        """

    def fetch(self, module: nn.Module) -> None:
        """Fill in weights that were learned elsewhere, from files at hand: called once, after the
        recipe's init, where a run starts fresh. What is not at hand is told by `missing`.

        Raises:
            UserError: a file is not what the options say; names it.
        """

    def staged(self, module: nn.Module) -> nn.Module:
        """What plays of the module in a phase, by this spec with the phase's `set` applied. It is
        made of the module's own layers; weights are shared.
        """
        return module

    def parts(self) -> Mapping[str, str]:
        """Parts that phases can train or freeze: name -> path of the submodule."""
        return {}


class GeneratorSpec(NetworkSpec, kind="generator"):
    """Condition `B C H W` -> picture `B D H W` in [-1, 1]; output size = input size."""

    def multiple(self) -> int:
        """Height and width must be multiples of this."""
        return 1

    def plays(self) -> Mapping[str, GeneratorSpec]:
        """Parts that make a picture by themselves, for a phase's `play`."""
        return {}

    def features(self, given: Image, wanted: Image) -> Image | None:
        """The shape of the features before its head, the picture's size or an nth of it. Its
        module then has `features` and `head`, which make the picture one after the other.
        """
        return None


class DiscriminatorSpec(NetworkSpec, kind="discriminator"):
    """Condition and picture -> views: a list over scales (full resolution first) of a list of
    feature maps (first layer first, logits last). `given` is the condition it may see, `wanted`
    the picture it judges.
    """

    @abstractmethod
    def views(self, given: Image, wanted: Image) -> list[list[Image]]:
        """The shapes of the views."""

    @abstractmethod
    def receptive_field(self) -> int:
        """Pixels of the picture that one logit at full resolution sees."""


class Single(DiscriminatorSpec):
    """A discriminator of one scale: its views are a list of one, so that others can hold it."""


class ConditionSpec(ReadableCondition, Spec, kind="condition"):
    """Maps of a sample -> a tensor `B C H W` for the networks; concatenated in recipe order."""

    seen_by: Literal["both", "generator"] = "both"
    """Whether the discriminator sees it too."""

    @abstractmethod
    def needs(self) -> tuple[str, ...]:
        """The maps that it reads."""

    def asks(self) -> tuple[str, ...]:
        """Those of them that a translation must give; what it can do without is left out."""
        return self.needs()

    def learns(self) -> bool:
        """Whether it owns parameters, so that phases can train or freeze it."""
        return False

    def styles(self) -> str:
        """Of one that makes something of the target: the map of ids, each of which can be given a
        style in its place. Its module is then a `gan_zoo.protocols.Styled`. Empty for others."""
        return ""

    @abstractmethod
    def gives(self, maps: Mapping[str, Image]) -> Image:
        """The shape of what it makes.

        Raises:
            ContractError: says the cure.
        """

    @abstractmethod
    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        """A module: named maps (pictures as floats in [-1, 1], ids as int64) -> `B C H W`."""

    def staged(self, module: nn.Module) -> nn.Module:
        """What plays of the module in a phase, by this spec with the phase's `set` applied. It is
        made of the module's own layers; weights are shared.
        """
        return module


# ---------------------------------------------------------------------------------- learning


class MethodSpec(Spec, kind="method"):
    """Which networks exist, what a scene holds, and who takes a turn in which order."""

    foreign: ClassVar[Mapping[str, str]] = {}  # a foreign file's name, as G_A -> its recipe's name
    per_translation: ClassVar[frozenset[str]] = frozenset()  # options that a trained run may change

    @abstractmethod
    def wire(self, recipe: Recipe, size: Size | None = None) -> Wiring:
        """Derive every shape of the run from the recipe.

        Raises:
            ContractError: says the cure.
        """

    @abstractmethod
    def build(self, recipe: Recipe) -> Method:
        """The scenes and turns of one step."""


class LossSpec(Spec, kind="loss"):
    """A scene -> named terms for players. Owns its weight, and says what it needs."""

    per_phase = frozenset({"weight"})
    bounds: ClassVar[bool] = False  # keeps the discriminator's slope within bounds, as penalties do

    weight: float = Field(1.0, ge=0)
    """Factor of the generator's term."""

    @abstractmethod
    def needs(self) -> Mapping[str, frozenset[str]]:
        """Player -> the names of the scene that its terms are made of."""

    def check(self, recipe: Recipe) -> None:
        """Refuse what the loss cannot work with or beside. Pure Python.

        Raises:
            ContractError: says the cure.
        """

    @abstractmethod
    def build(self) -> LossFunction:
        """A function of (scene, player), or a module with fixed features; reads no file."""

    def fetch(self, loss: LossFunction) -> None:
        """Read its fixed weights, at every start of a run: no checkpoint holds them."""


class OptimizerSpec(Spec, kind="optimizer"):
    """How a player's parameters step."""

    lr: float = Field(2e-4, gt=0)
    """Learning rate before the phase's schedule."""

    @abstractmethod
    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """The optimizer over these parameters."""


class InitSpec(Spec, kind="init"):
    """How fresh networks get their first weights."""

    @abstractmethod
    def build(self) -> Callable[[nn.Module], None]:
        """A function that fills a network in place, from torch's default generator."""


# ---------------------------------------------------------------------------------- watching


class MetricSpec(Spec, kind="metric"):
    """Generated and real 8-bit pictures -> a number, with the protocol that makes it comparable."""

    lower_is_better: ClassVar[bool] = True
    unasked: ClassVar[bool] = False  # scored where nobody names metrics
    protocol: ClassVar[str] = ""

    @abstractmethod
    def build(self) -> Metric:
        """A fresh accumulator."""


class CallbackSpec(Spec, kind="callback"):
    """Watches a run through the lifecycle hooks of gan_zoo.engine.callbacks."""

    keeps: ClassVar[str] = ""  # the name under weights/ of networks of its own, if it has any

    def splits(self) -> tuple[str, ...]:
        """The splits of the data that it will read; they are checked before the first step."""
        return ()

    @abstractmethod
    def build(self) -> object:
        """An object with hook implementations, registered for one run only.

        One that remembers has two methods more: `state()` gives nested mappings of tensors and
        plain numbers, which checkpoints keep, and `restore(state)` takes them back before the run
        goes on. One that keeps weights has `networks`, by name.
        """
