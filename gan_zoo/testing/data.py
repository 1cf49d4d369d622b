"""What holds for data."""

from __future__ import annotations

import pickle
from collections.abc import Sequence

import numpy as np
import torch

from gan_zoo.components.data import DataSpec
from gan_zoo.components.interfaces import Dataset, Sample
from gan_zoo.components.shapes import Image
from gan_zoo.engine.loader import Plan, read_batches
from gan_zoo.errors import ContractError, UserError
from gan_zoo.testing.subject import Advice, Subject, check, trying

READ = 24  # samples of a split that are read
IDS = (torch.int16, torch.int32, torch.int64)


def open_train(subject: Subject) -> Dataset:
    """The training split of the example."""
    spec: DataSpec = subject.ready()
    with trying(
        "opened the split train of the example",
        expected="a dataset",
        cure="let example() name data that ships with the component, or report it in missing()",
    ):
        return spec.open("train")


def first_indices(dataset: Dataset) -> Sequence[int]:
    """Some of its samples, spread evenly."""
    count = min(READ, len(dataset))
    return [n * len(dataset) // count for n in range(count)]


def _equal(ours: Sample, theirs: Sample) -> bool:
    return (
        (ours.name, ours.files) == (theirs.name, theirs.files)
        and list(ours.maps) == list(theirs.maps)
        and all(torch.equal(ours.maps[name], theirs.maps[name]) for name in ours.maps)
    )


@check("data")
def samples_are_what_maps_says(subject: Subject) -> None:
    """Names, channels and sizes of the tensors, in training and evaluation, at several sizes."""
    spec: DataSpec = subject.ready()
    open_train(subject)
    for size in (None, (32, 32), (24, 40)):
        try:
            maps, dataset = spec.maps(size), spec.open("train", size)
            samples = [
                dataset.read(n, np.random.default_rng(n)) for n in first_indices(dataset)[:4]
            ]
        except (ContractError, UserError):
            if size is None:
                raise
            continue  # refused, with the cure
        for sample in samples:
            if list(sample.maps) != list(maps):
                raise Advice(
                    f"read {sample.name} with size {size}",
                    came=f"the maps {', '.join(sample.maps)}",
                    expected=f"{', '.join(maps)}, as maps() says",
                    cure="make maps() and read() agree on names and order",
                )
            for name, image in maps.items():
                _one_map(spec, sample, name, image)


def _one_map(spec: DataSpec, sample: Sample, name: str, image: Image) -> None:
    tensor, said = sample.maps[name], (image.channels, image.height, image.width)
    plain = image.ids or spec.values(name).plain
    color = torch.uint8 if plain else torch.float32
    fits = tensor.ndim == 3 and all(
        a == b or b is None for a, b in zip(tensor.shape, said, strict=True)
    )
    if not fits or tensor.dtype not in (IDS if image.ids else (color,)):
        raise Advice(
            f"read {sample.name}, map {name}, in training",
            came=f"{tuple(tensor.shape)} {tensor.dtype}",
            expected=f"{said} (None is any), {_type(image, plain=plain)}: what is "
            "uint8 becomes colors in [-1, 1], what is a wider integer stays an id",
            cure="make maps() and read() agree"
            + ", and values() say what numbers the files hold" * (not image.ids),
        )
    if not image.ids:
        _refuse_wide(sample, name)
        return
    ignored = spec.ignored_ids(name)
    most = image.classes or 2**31
    ids = np.unique(tensor.numpy()).tolist()
    strays = [number for number in ids if not 0 <= number < most and number not in ignored]
    if strays or (image.instances is not None and len(ids) > image.instances):
        raise Advice(
            f"read {sample.name} and looked at the ids in {name}",
            came=f"the id {strays[0]}" if strays else f"{len(ids)} different ids",
            expected=f"ids from 0 to {most - 1}, at most {image.instances or most} of them in a "
            "picture, as maps() says",
            cure="refuse such a file with a DataError, name the id in ignored(), or correct maps()",
        )


def _type(image: Image, *, plain: bool) -> str:
    if image.ids:
        return "ids as int32"
    return "uint8" if plain else "float32 in [-1, 1], since values() says other than 0 to 255"


def _refuse_wide(sample: Sample, name: str) -> None:
    if not sample.maps[name].is_floating_point():
        return
    most = sample.maps[name].abs().max().item()
    if not most <= 1:  # also where it is not a number
        raise Advice(
            f"read {sample.name} and looked at the numbers in {name}",
            came=f"floats up to {most:.4g}",
            expected="floats in [-1, 1]: the low of values() as -1, its high as 1",
            cure="scale by (x - low) / (high - low) * 2 - 1, and refuse or clip what lies beyond",
        )


@check("data")
def the_draw_alone_decides(subject: Subject) -> None:
    """The same draw gives the same sample; no draw gives the same sample; no state is kept."""
    dataset = open_train(subject)
    for index in first_indices(dataset)[:8]:
        for seed in (None, 0, 1):

            def read(index: int = index, seed: int | None = seed) -> Sample:
                return dataset.read(index, None if seed is None else np.random.default_rng(seed))

            before = _global_state()
            ours = read()
            after = _global_state()
            if before != after:
                raise Advice(
                    f"read sample {index}",
                    came="torch's or numpy's global generator moved",
                    expected="every random number to come from the draw",
                    cure="use draw.random() and its kin only",
                )
            torch.manual_seed(5)
            if not _equal(ours, read()):
                raise Advice(
                    f"read sample {index} twice with the same draw ({seed})",
                    came="two samples",
                    expected="one: a run resumes by reading the same samples again",
                    cure="take every random number from the draw, and keep no state",
                )


def _global_state() -> tuple[bytes, str]:
    return torch.get_rng_state().numpy().tobytes(), repr(np.random.get_state())


@check("data")
def datasets_travel_to_workers(subject: Subject) -> None:
    """A pickled copy reads the same samples, and so do worker processes."""
    dataset = open_train(subject)
    with trying(
        "pickled the dataset, as worker processes need it",
        expected="a copy",
        cure="hold paths and numbers, not open files or lambdas",
    ):
        copy = pickle.loads(pickle.dumps(dataset))
    for index in first_indices(dataset)[:4]:
        if not _equal(dataset.read(index, None), copy.read(index, None)):
            raise Advice(
                f"read sample {index} from the dataset and from a pickled copy",
                came="two samples",
                expected="one",
                cure="let pickle carry everything that read() looks at",
            )
    plan = Plan(len(dataset), batch=1, seed=0, first_pass=0)
    alone, helped = (
        [*read_batches(dataset, plan, start=0, stop=4, workers=workers, pin=False)]
        for workers in (0, 2)
    )
    for ours, theirs in zip(alone, helped, strict=True):
        if not all(torch.equal(ours.maps[name], theirs.maps[name]) for name in ours.maps):
            raise Advice(
                f"read {', '.join(ours.names)} in this process and in one of two workers",
                came="two samples",
                expected="one: the number of workers changes nothing",
                cure="look at nothing that differs from process to process",
            )


@check("data")
def samples_have_names_and_files(subject: Subject) -> None:
    """Names tell samples apart; messages and previews use them. describe() says a line."""
    dataset = open_train(subject)
    samples = [dataset.read(n, None) for n in first_indices(dataset)]
    names = [sample.name for sample in samples]
    said = dataset.describe()
    problems = {
        "a name comes twice": len(set(names)) != len(names),
        "a name is empty": not all(names),
        "a sample without files": not all(sample.files for sample in samples),
        f"describe() gives {said!r}": not said.strip() or "\n" in said.strip(),
    }
    if came := [text for text, bad in problems.items() if bad]:
        raise Advice(
            f"read {len(samples)} samples of the split train",
            came="; ".join(came),
            expected="short unique names, the files of each, and one line of describe()",
            cure="name a sample after its file, by path where needed",
        )


@check("data")
def mistakes_are_the_users(subject: Subject) -> None:
    """A split that does not exist is a DataError; sound data has no mistakes."""
    spec: DataSpec = subject.ready()
    open_train(subject)
    try:
        spec.open("no-such-split").read(0, None)
    except UserError:
        pass
    except Exception as problem:
        raise Advice(
            "opened the split no-such-split",
            came=type(problem).__name__,
            expected="DataError, which the command line shows without a traceback",
            cure="raise DataError and name the folders that were looked at",
        ) from problem
    if found := spec.inspect("train"):
        raise Advice(
            "inspected the split train of the example",
            came=found[0],
            expected="no mistakes in the example",
            cure="mend the example's data, or inspect()",
        )
