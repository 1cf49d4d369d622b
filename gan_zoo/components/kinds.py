"""The kinds of components, in the order in which a recipe is read; the last one stands in the file
of an ablation.
"""

from __future__ import annotations

from gan_zoo.components.conditions import ConditionSpec
from gan_zoo.components.data import DataSpec
from gan_zoo.components.learning import InitSpec, LossSpec, MethodSpec, OptimizerSpec
from gan_zoo.components.networks import DiscriminatorSpec, GeneratorSpec
from gan_zoo.components.spec import Spec
from gan_zoo.components.watching import CallbackSpec, ExecutorSpec, MetricSpec

KINDS: dict[str, type[Spec]] = {
    spec.kind: spec
    for spec in (
        DataSpec,
        GeneratorSpec,
        DiscriminatorSpec,
        ConditionSpec,
        MethodSpec,
        LossSpec,
        OptimizerSpec,
        InitSpec,
        MetricSpec,
        CallbackSpec,
        ExecutorSpec,
    )
}
