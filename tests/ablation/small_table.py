"""A small table with a bit of everything, for tests of how it is written."""

from __future__ import annotations

import math

from gan_zoo.ablation.table import Cell, Column, Row, Table
from gan_zoo.evaluation.statistics import Interval

ON = {"split": "test", "pictures": 60, "size": [64, 64], "bits": 8, "data": "7c1e"}
ONE = {"id": "3fa9c1d2", "protocol": {"measures": "mean absolute difference", **ON}}
TWO = {"id": "0badcafe", "protocol": {"measures": "gradient of the output", **ON}}

SMALL = Table(
    name="losses_small",
    about="Which part of the loss does what",
    reference="l1_cgan",
    seeds=(0, 1, 2),
    columns=(
        Column("l1", lower_is_better=True, smallest=0.0041, **ONE),
        Column(
            "sharpness",
            lower_is_better=True,
            ideal=1.0,
            beside={"ceiling": 0.5},
            over_seeds=True,
            **TWO,
        ),
    ),
    rows=(
        Row(
            variant="gan_1",
            factors={"loss": "gan"},
            changes=("losses.l1: null",),
            states={0: "done", 1: "done", 2: "done"},
            faults={},
            cells={
                "l1": Cell(
                    values={0: 0.14, 1: 0.15, 2: 0.16},
                    mean=0.15,
                    sd=0.01,
                    difference=Interval(0.05, 0.0459, 0.0541),
                    differences={0: 0.05, 1: 0.05, 2: 0.05},
                    better=0,
                    pairs=3,
                    bold=True,
                ),
                "sharpness": Cell(
                    values={0: 0.9, 1: 0.8, 2: 0.7},
                    mean=0.8,
                    sd=0.1,
                    difference=Interval(-0.2, -0.45, 0.05),
                    differences={0: -0.2, 1: -0.3, 2: -0.1},
                    better=3,
                    pairs=3,
                ),
            },
            parameters=54_413_955,
            flop=20_100_000_000,
            seconds_a_step=0.1,
            peak_bytes=512 * 2**20,
            published={"published": 0.22},
        ),
        Row(
            variant="cgan",
            factors={"loss": "cgan"},
            changes=(),
            states={0: "done", 1: "failed: memory", 2: "running"},
            faults={1: "needs 9 GiB | has 2"},
            cells={
                "l1": Cell(
                    {0: 0.12}, 0.12, None, Interval(0.02, -math.inf, math.inf), {0: 0.02}, 0, 1
                )
            },
            parameters=1_234_567,
            flop=1_000_000_000,
            seconds_a_step=0.0512,
            peak_bytes=100 * 2**20,
        ),
        Row(
            variant="l1_cgan",
            factors={"loss": "l1_cgan"},
            changes=(),
            states={0: "done", 1: "done", 2: "done"},
            faults={},
            cells={
                "l1": Cell({0: 0.09, 1: 0.1, 2: 0.11}, 0.1, 0.01),
                "sharpness": Cell({0: 0.6, 1: 0.6, 2: 0.6}, 0.6, 0.0),
            },
            parameters=54_413_955,
            flop=20_100_000_000,
            published={"published": 0.66},
        ),
        Row("l1", {}, (), {0: "waiting", 1: "waiting", 2: "waiting"}, {}, {}, 41_000, 2_000_000),
    ),
    comparisons=3,
    left_out={"no_skips": "it has no skips to cut."},
    published="Isola et al. 2017, table 1",
    notes=("A note of its own.",),
)

# of one metric, two of them by one protocol
FIELDS = (
    Column("segmentation.mean_iou", "aa", ONE["protocol"], False, beside={"ceiling": 0.9}),
    Column("segmentation.pixel_accuracy", "bb", ONE["protocol"], lower_is_better=False),
    Column("segmentation.of_two", "cc", TWO["protocol"], lower_is_better=False),
)
