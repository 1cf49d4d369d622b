"""The one door for authors: all that a component needs of gan-zoo.

    from gan_zoo.components import LossFunction, LossSpec, Term, hookimpl

Every name is imported when it is first used, so that a menu of specs imports no torch; `backbones`,
`downloads` and `pretrained` are modules. A name in here keeps its meaning.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gan_zoo.components import backbones, downloads, pretrained
    from gan_zoo.components.at_hand import remembered
    from gan_zoo.components.augment import DrawnAugment, draw_augment
    from gan_zoo.components.conditions import ConditionSpec
    from gan_zoo.components.data import DataSpec, Found, Glance, Refused
    from gan_zoo.components.distances import mean_distance
    from gan_zoo.components.foreign import Published, Reading, Shapes
    from gan_zoo.components.hooks import hookimpl, hookspec
    from gan_zoo.components.instance_ids import distinct_ids
    from gan_zoo.components.interfaces import (
        Cast,
        Dataset,
        Ear,
        ForwardState,
        Losses,
        LossFunction,
        Method,
        Pictures,
        Position,
        Run,
        Sample,
        Styled,
        Turn,
    )
    from gan_zoo.components.kinds import KINDS
    from gan_zoo.components.layers import conv_norm_activation, halve
    from gan_zoo.components.learning import (
        InitSpec,
        LossSpec,
        MethodSpec,
        Network,
        OptimizerSpec,
        Parts,
        Wiring,
    )
    from gan_zoo.components.lifecycle import Lifecycle
    from gan_zoo.components.measuring import MeanOverPictures, Metric, MetricContext
    from gan_zoo.components.meta_device import on_meta
    from gan_zoo.components.networks import DiscriminatorSpec, GeneratorSpec, NetworkSpec, Single
    from gan_zoo.components.norms import InstanceNorm, PictureNorm, norm_layer
    from gan_zoo.components.paths import expand_user
    from gan_zoo.components.pictures import (
        as_8bit,
        fits_png,
        shown_channels,
        tiff_words,
        to_pil,
        to_view,
    )
    from gan_zoo.components.pool import Pool
    from gan_zoo.components.processes import process_start
    from gan_zoo.components.scene import Scene, Term, concatenated
    from gan_zoo.components.shapes import (
        Image,
        Values,
        convolved_side,
        count_halvings,
        receptive_field,
        require_halvings,
    )
    from gan_zoo.components.sheets import color_ids, make_sheet, sheet_bytes
    from gan_zoo.components.spec import Augments, Norm, Size, Spec
    from gan_zoo.components.thinning import thinned
    from gan_zoo.components.user_cache import cache_folder
    from gan_zoo.components.watching import CallbackSpec, Executor, ExecutorSpec, Job, MetricSpec
    from gan_zoo.components.weights import put_back
    from gan_zoo.components.windows import Windows
    from gan_zoo.errors import (
        ContractError,
        DataError,
        UserError,
        first_line,
        format_size,
        near_misses,
        printable,
        quoted,
        unreadable,
    )
    from gan_zoo.reporter import progress

__all__ = [
    "KINDS",
    "Augments",
    "CallbackSpec",
    "Cast",
    "ConditionSpec",
    "ContractError",
    "DataError",
    "DataSpec",
    "Dataset",
    "DiscriminatorSpec",
    "DrawnAugment",
    "Ear",
    "Executor",
    "ExecutorSpec",
    "ForwardState",
    "Found",
    "GeneratorSpec",
    "Glance",
    "Image",
    "InitSpec",
    "InstanceNorm",
    "Job",
    "Lifecycle",
    "LossFunction",
    "LossSpec",
    "Losses",
    "MeanOverPictures",
    "Method",
    "MethodSpec",
    "Metric",
    "MetricContext",
    "MetricSpec",
    "Network",
    "NetworkSpec",
    "Norm",
    "OptimizerSpec",
    "Parts",
    "PictureNorm",
    "Pictures",
    "Pool",
    "Position",
    "Published",
    "Reading",
    "Refused",
    "Run",
    "Sample",
    "Scene",
    "Shapes",
    "Single",
    "Size",
    "Spec",
    "Styled",
    "Term",
    "Turn",
    "UserError",
    "Values",
    "Windows",
    "Wiring",
    "as_8bit",
    "backbones",
    "cache_folder",
    "color_ids",
    "concatenated",
    "conv_norm_activation",
    "convolved_side",
    "count_halvings",
    "distinct_ids",
    "downloads",
    "draw_augment",
    "expand_user",
    "first_line",
    "fits_png",
    "format_size",
    "halve",
    "hookimpl",
    "hookspec",
    "make_sheet",
    "mean_distance",
    "near_misses",
    "norm_layer",
    "on_meta",
    "pretrained",
    "printable",
    "process_start",
    "progress",
    "put_back",
    "quoted",
    "receptive_field",
    "remembered",
    "require_halvings",
    "sheet_bytes",
    "shown_channels",
    "thinned",
    "tiff_words",
    "to_pil",
    "to_view",
    "unreadable",
]

_MODULES = {  # where the names live
    "gan_zoo.components.at_hand": "remembered",
    "gan_zoo.components.augment": "DrawnAugment draw_augment",
    "gan_zoo.components.conditions": "ConditionSpec",
    "gan_zoo.components.data": "DataSpec Found Glance Refused",
    "gan_zoo.components.distances": "mean_distance",
    "gan_zoo.components.foreign": "Published Reading Shapes",
    "gan_zoo.components.hooks": "hookimpl hookspec",
    "gan_zoo.components.instance_ids": "distinct_ids",
    "gan_zoo.components.interfaces": (
        "Cast Dataset Ear ForwardState LossFunction Losses Method Pictures Position Run Sample "
        "Styled Turn"
    ),
    "gan_zoo.components.kinds": "KINDS",
    "gan_zoo.components.layers": "conv_norm_activation halve",
    "gan_zoo.components.learning": (
        "InitSpec LossSpec MethodSpec Network OptimizerSpec Parts Wiring"
    ),
    "gan_zoo.components.lifecycle": "Lifecycle",
    "gan_zoo.components.measuring": "MeanOverPictures Metric MetricContext",
    "gan_zoo.components.meta_device": "on_meta",
    "gan_zoo.components.networks": "DiscriminatorSpec GeneratorSpec NetworkSpec Single",
    "gan_zoo.components.norms": "InstanceNorm PictureNorm norm_layer",
    "gan_zoo.components.paths": "expand_user",
    "gan_zoo.components.pictures": "as_8bit fits_png shown_channels tiff_words to_pil to_view",
    "gan_zoo.components.pool": "Pool",
    "gan_zoo.components.processes": "process_start",
    "gan_zoo.components.scene": "Scene Term concatenated",
    "gan_zoo.components.shapes": (
        "Image Values convolved_side count_halvings receptive_field require_halvings"
    ),
    "gan_zoo.components.sheets": "color_ids make_sheet sheet_bytes",
    "gan_zoo.components.spec": "Augments Norm Size Spec",
    "gan_zoo.components.thinning": "thinned",
    "gan_zoo.components.user_cache": "cache_folder",
    "gan_zoo.components.watching": "CallbackSpec Executor ExecutorSpec Job MetricSpec",
    "gan_zoo.components.weights": "put_back",
    "gan_zoo.components.windows": "Windows",
    "gan_zoo.errors": (
        "ContractError DataError UserError first_line format_size near_misses printable quoted "
        "unreadable"
    ),
    "gan_zoo.reporter": "progress",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
