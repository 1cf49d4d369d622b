"""Folders of ablations that nobody ran: pictures, scores, tries, as runs would have left them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.plan import Plan
from gan_zoo.ablation.results import Result
from gan_zoo.evaluation.score_files import Score
from tests.ablation.some_tables import mean_score, some_plan, some_results
from tests.report.conftest import Folder

RECIPE = """\
seed: 0
data: {use: facades, batch: 1}
generator: {use: unet, width: 64}
"""
SHIFTS = {"l1": -1.5, "gan": 4.0, "cgan": 1.2, "l1_gan": 0.1}  # of L1, from the reference's


def draw_pair(n: int, side: int) -> tuple[Image.Image, Image.Image]:
    """A map of a house front, and its photo."""
    draw = np.random.default_rng(n)
    plan = np.full((side, side, 3), (20, 40, 160), dtype=np.uint8)
    photo = np.full((side, side, 3), draw.integers(120, 210, 3), dtype=np.uint8)
    step = side // 5
    for top in range(step // 2, side - step // 2, step):
        for left in range(step // 3, side - step // 2, step):
            place = np.s_[top : top + step // 2, left : left + step // 3]
            plan[place] = (0, 170, 230)
            photo[place] = draw.integers(20, 70, 3)
    noise = draw.normal(0, 12, (side, side, 1))
    made = np.clip(photo + noise, 0, 255).astype(np.uint8)
    return Image.fromarray(plan), Image.fromarray(made)


def draw_output(target: Image.Image, place: int, seed: int) -> Image.Image:
    """What the variant of this place could have made of a target."""
    draw = np.random.default_rng(100 * place + seed)
    blurred = target.filter(ImageFilter.GaussianBlur(0.6 * (4 - place % 5)))
    pixels = np.asarray(blurred, dtype=float) + draw.normal(0, 6 * (place % 3), (*target.size, 1))
    return Image.fromarray(np.clip(pixels + 4 * seed - 4, 0, 255).astype(np.uint8))


def leave_run(path: Path, place: int, seed: int, samples: Sequence[str], side: int) -> None:
    """A finished run with the previews of two times."""
    run = Folder(path, RECIPE)
    own = run.path / "previews/previews"
    for n, sample in enumerate(samples):
        source, target = draw_pair(n, side)
        for picture, name in (
            (source, "given-main/source"),
            (target, "given-main/target"),
            (Image.new("RGB", (side, side)), "002000"),
            (draw_output(target, place, seed), "004000"),
        ):
            (own / name).mkdir(parents=True, exist_ok=True)
            picture.save(own / name / f"{sample}.png")
    run.train(200)


def some_scores(
    plan: Plan, shifts: Mapping[str, float], pictures: int = 40
) -> dict[str, dict[int, dict[str, Score]]]:
    """Variant -> seed -> scores: an L1, a sharpness, a mean IoU."""
    found: dict[str, dict[int, dict[str, Score]]] = {}
    for n, variant in enumerate(plan.variants):
        for seed in plan.seeds:
            draw = np.random.default_rng(1000 * n + seed)
            hard = np.random.default_rng(seed).normal(0, 2, pictures)
            shift = shifts.get(variant, 0.0)
            l1 = 24 + hard + shift + draw.normal(0, 0.4) + draw.normal(0, 1, pictures)
            sharp = 0.9 + shift / 20 + draw.normal(0, 0.02) + draw.normal(0, 0.03, pictures)
            found.setdefault(variant, {})[seed] = {
                "l1": mean_score(l1.tolist()),
                "sharpness": mean_score(
                    sharp.tolist(), "sharpness", lower_is_better=False, ideal=1.0
                ),
                "segmentation.mean_iou": Score(
                    0.41 - shift / 30 + draw.normal(0, 0.01),
                    lower_is_better=False,
                    protocol={"metric": "segmentation", "split": "test", "pictures": pictures},
                    beside={"ceiling": 0.581},
                ),
            }
    return found


def some_grid() -> Plan:
    """Generators by losses, of which one combination is left out."""
    names = ["unet.l1", "unet.cgan", "deep.cgan"]
    plan = some_plan(names, reference="unet.cgan", left_out={"deep.l1": "leave_out"})
    variants = {
        name: replace(
            variant, factors=dict(zip(("generator", "loss"), name.split("."), strict=True))
        )
        for name, variant in plan.variants.items()
    }
    return replace(plan, variants=variants)


def leave_ablation(
    path: Path,
    *,
    shifts: Mapping[str, float] = SHIFTS,
    samples: Sequence[str] = ("facade_0012", "facade_0044", "facade_0107"),
    side: int = 64,
    failed: Sequence[tuple[str, int]] = (),
    plan: Plan | None = None,
    **others: Any,
) -> tuple[AblationFolder, Plan, dict[str, Result]]:
    """The folder of an ablation whose runs are done, but for those that failed."""
    plan = plan or some_plan([*shifts, "l1_cgan"], **others)
    scores = some_scores(plan, shifts)
    for variant, seed in failed:
        del scores[variant][seed]
    results = some_results(plan, scores)
    folder = AblationFolder(path)
    path.mkdir(parents=True)
    folder.write_plan(plan)
    for place, name in enumerate(plan.variants):
        losses = f"losses: {{l1: {{use: l1, weight: {100 - place}}}}}\n"
        folder.write_resolved(name, RECIPE + losses)
    places = {name: place for place, name in enumerate(plan.variants)}
    for key, run in plan.runs.items():
        told = {"id": key, "host": "atlas", "device": "cpu", "threads": 1, "last": ""}
        told |= {"start": "2026-11-01T10:00:00+00:00", "end": "2026-11-01T10:06:42+00:00"}
        tried = {**told, "exit": 0, "cause": None}
        if key in results:
            folder.write_result(results[key])
            leave_run(path / run.run, places[run.variant], run.seed, samples, side)
        else:
            tried = {**told, "exit": 1, "cause": "memory", "last": "MemoryError: 2 GiB"}
        folder.attempts(key).parent.mkdir(exist_ok=True)
        folder.attempts(key).write_text(json.dumps(tried) + "\n")
    return folder, plan, results
