"""Planning: a file -> every run by its key, with all mistakes told before the first one starts. No
torch until something is rehearsed.
"""

from __future__ import annotations

from typing import Any

from gan_zoo.ablation.figures import (
    Figures,
    Prepared,
    pick_class,
    pick_precision,
    prepare,
    rehearse_all,
)
from gan_zoo.ablation.file import AblationFile
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.keys import UNCOUNTED, digest, fingerprint, key_of, versions
from gan_zoo.ablation.needs import refuse_needy
from gan_zoo.ablation.pace import measure_pace, name_pace
from gan_zoo.ablation.places import Places, given_way, place_runs
from gan_zoo.ablation.plan import Plan, PlannedVariant
from gan_zoo.ablation.room import count_cores, count_jobs, count_threads
from gan_zoo.ablation.stamps import (
    are_equal,
    stamp_data,
    stamp_sources,
    stamp_texts,
    stamp_versions,
)
from gan_zoo.ablation.variants import make_variants
from gan_zoo.components.at_hand import read_once
from gan_zoo.errors import UserError
from gan_zoo.reporter import Reporter
from gan_zoo.runs.atomic import sync_folder


def make_plan(
    file: AblationFile,
    *,
    folder: AblationFolder | None = None,
    jobs: int | None = None,
    reporter: Reporter | None = None,
    write: bool = True,
) -> Plan:
    """Plan an ablation. Every variant's needs and data are judged and its steps rehearsed before
    anything is written or trained.

    Args:
        file: What is asked.
        folder: Where it will be, or is: the runs of an earlier plan that have keys of this one are
            kept with their device and threads, and the others become orphans. None plans anew.
        jobs: How many runs at once, on a CPU of this machine: they share its cores. As the file's
            executor says if None, else as many as there is room for.
        reporter: Told what takes long.
        write: Whether the plan is written to the folder, with the file and the variants' recipes.

    Raises:
        RecipeError: every broken contract at once.
        UserError: what is needed, or wrong in the data, or does not fit: of all variants at once.
        OSError: the folder cannot be written; names the file.
    """
    reporter = reporter or Reporter(quiet=True)
    before = folder.plan() if folder is not None and folder.is_planned() else None
    with read_once():
        planning = _Planning(file, folder, before, jobs, reporter)
        if folder is None or not write:
            return planning.plan(place_runs(planning.keys, before, folder))
        return planning.write(folder)


def unchanged(file: AblationFile, folder: AblationFolder) -> bool:
    """Whether a folder's plan is that of a file, as far as is told without opening the data: what
    was asked, the texts, the versions, the names, sizes and times of the data's files. Then nothing
    need be planned.

    Raises:
        UserError: the plan is damaged; says the cure.
    """
    if not folder.is_planned():
        return False
    stamps = folder.plan().stamps
    try:
        recipes = {name: folder.resolved(name) for name in stamps["resolved"]}
        written = {n: p.read_text("utf-8") for n, p in recipes.items() if p.is_file()}
        return (
            stamps["asked"] == digest(file.source.tree)
            and stamp_texts(written) == stamps["resolved"]
            and are_equal(stamps)
        )
    except (KeyError, ValueError):  # of another version
        return False


class _Planning:
    """A file on its way to a plan."""

    def __init__(
        self,
        file: AblationFile,
        folder: AblationFolder | None,
        before: Plan | None,
        jobs: int | None,
        reporter: Reporter,
    ) -> None:
        self.file, self.folder, self.before = file, folder, before
        self.jobs, self.reporter = jobs, reporter
        score = file.fields.score
        metrics = {name: spec.with_absolute_paths() for name, spec in score.metrics.items()}
        self.score = score.model_copy(update={"metrics": metrics})
        self.asked = make_variants(file)
        refuse_needy({one.name: one.wired for one in self.asked.variants}, self.score)
        self.executor = file.fields.executor
        self.device = pick_class(self.asked.variants, before, here=self.executor.here)
        kept = before.precision if before is not None and before.device == self.device else None
        self.precision = kept or pick_precision(self.device)
        self.made = self._prepared()
        self.figures: dict[str, Figures] = {}
        self.threads = self._threads()
        self.paces: dict[str, float] = dict(before.stamps.get("seconds", {})) if before else {}
        self.seconds = self._seconds()
        if self.seconds:
            self.asked = make_variants(file, seconds=self.seconds)
            self.made = self._prepared()
        self.keys = self._keys()
        self.variants = self._variants()

    def plan(self, places: Places) -> Plan:
        """What it comes to, where runs lie there."""
        fields, published = self.file.fields, self.file.fields.published
        told = {"source": published.source, "values": published.columns()} if published else {}
        return Plan(
            name=self.file.name,
            about=fields.about,
            reference=fields.compared_with,
            seeds=fields.seeds,
            device=self.device,
            threads=self.threads,
            variants=self.variants,
            runs=places.runs,
            orphans=places.orphans,
            left_out=dict(self.asked.left_out),
            published=told,
            score=self.score.model_dump(mode="json"),
            executor=self.executor.model_dump(mode="json"),
            precision=self.precision,
            stamps=self._stamps(),
        )

    def write(self, folder: AblationFolder) -> Plan:
        """Write the plan and what belongs to it, itself last: a run whose recipe is not that of its
        key is refused.
        """
        folder.write_file(self.file.text)
        for one in self.made:
            folder.write_resolved(one.name, one.text)
        with given_way(self.keys, self.before, folder) as places:
            folder.write_plan(plan := self.plan(places))
        sync_folder(folder.path)
        return plan

    def _prepared(self) -> list[Prepared]:
        return [prepare(one, self.device, self.precision) for one in self.asked.variants]

    def _threads(self) -> int | None:
        """Of each run: numbers depend on them, so they stay what they were."""
        if self.device != "cpu":
            return None
        if self.before is not None and self.before.threads is not None:
            return self.before.threads
        if not self.executor.here:  # one core each, unless the user says
            return count_threads(count_cores())
        self.figures = rehearse_all(self.made)
        peak = max(one.peak_bytes for one in self.figures.values())
        runs = len(self.made) * len(self.file.fields.seeds)
        return count_threads(self.jobs or self.executor.jobs or count_jobs(runs, peak))

    def _seconds(self) -> dict[str, float]:
        """Variant -> seconds a step, where the budget is one of time: measured once."""
        budget = self.file.fields.budget
        if budget is None or budget.minutes is None:
            return {}
        found = {}
        for one in self.made:
            pace = name_pace(one.wired, self.device, self.threads)
            if pace not in self.paces:
                self.paces[pace] = measure_pace(one.wired, one.steps, self.threads)
                took = f"{1000 * self.paces[pace]:.0f} ms a step"
                self.reporter.say(f"{one.name}: {took}, measured in a short run")
            found[one.name] = self.paces[pace]
        return found

    def _keys(self) -> dict[str, tuple[str, int]]:
        """Key -> variant and seed, in the order in which they start: differences are told from the
        second run of a seed on, since the reference is the first.
        """
        reference = self.file.fields.compared_with
        made = sorted(self.made, key=lambda one: one.name != reference)
        prints = {one.name: fingerprint(one.wired, self.score.split) for one in self.made}
        where: dict[str, Any] = {"device": self.device, "threads": self.threads}
        found: dict[str, tuple[str, int]] = {}
        for seed in self.file.fields.seeds:
            for one in made:
                key = key_of(one.wired, seed, data=prints[one.name], score=self.score, **where)
                if key in found:
                    raise UserError(
                        f"variants {found[key][0]} and {one.name} would come to the same numbers: "
                        f"they differ at most in {', '.join(UNCOUNTED)}; keep one of them"
                    )
                found[key] = one.name, seed
        return found

    def _variants(self) -> dict[str, PlannedVariant]:
        """With the figures of an earlier plan, where a run of equal key has them."""
        known = self.before.runs if self.before else {}
        earlier = {
            variant: self.before.variants[known[key].variant]
            for key, (variant, _) in self.keys.items()
            if self.before is not None and key in known
        }
        self.figures |= rehearse_all(
            one for one in self.made if one.name not in {**earlier, **self.figures}
        )
        return {
            one.name: PlannedVariant(
                factors=dict(one.variant.factors),
                changes=one.variant.changes,
                **self._figures(one, earlier.get(one.name)),
                steps=sum(one.steps.values()),
                seconds_a_step=self.seconds.get(one.name),
            )
            for one in self.made
        }

    def _figures(self, one: Prepared, earlier: PlannedVariant | None) -> dict[str, int]:
        if (found := self.figures.get(one.name)) is not None:
            flop, peak = found.flop_a_step(one.steps), found.peak_bytes
            return {"parameters": found.parameters, "flop": flop, "peak_bytes": peak}
        assert earlier is not None, "it is rehearsed now, or was before"
        return {name: getattr(earlier, name) for name in ("parameters", "flop", "peak_bytes")}

    def _stamps(self) -> dict[str, Any]:
        metrics = self.score.metrics.values()
        guests = {package for one in self.made for package in versions(one.wired, metrics)}
        recipes = [one.wired for one in self.made]
        return {
            "asked": digest(self.file.source.tree),  # with what the command line said
            "file": str(self.file.path.resolve()),
            "files": stamp_sources([self.file.source, *(o.variant.source for o in self.made)]),
            "resolved": stamp_texts({one.name: one.text for one in self.made}),
            "versions": stamp_versions(guests),
            "data": stamp_data(recipes, self.score.model_dump(mode="json")),
            "seconds": self.paces,
        }
