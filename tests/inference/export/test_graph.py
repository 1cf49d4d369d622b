"""What surrounds the generator in a graph is what the translator does around it."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from gan_zoo.components import GeneratorSpec, Image, Network, Values
from gan_zoo.components.networks import NetworkSpec
from gan_zoo.errors import ContractError, UserError
from gan_zoo.inference.export.comparing import FULL, HALF, Figures
from gan_zoo.inference.export.ports import Port, to_picture
from gan_zoo.inference.export.preparing import copied
from gan_zoo.inference.export.rooms import Room, crop, reflect
from gan_zoo.inference.export.samples import cut_to_sizes
from gan_zoo.inference.networks import fitting_size, pad_by_reflection
from gan_zoo.inference.ranges import to_network
from gan_zoo_generators.residual_specs import GlobalSpec, LocalEnhancerSpec, ResNetSpec
from gan_zoo_generators.unet_specs import UNetSpec

GENERATORS: list[GeneratorSpec] = [
    UNetSpec(depth=3),
    ResNetSpec(downsamplings=2),
    ResNetSpec(downsamplings=2, padding="zero", norm="instance"),
    UNetSpec(depth=2, padding="reflect", upsampling="pixel_shuffle"),
    LocalEnhancerSpec(enhancers=2, coarse=GlobalSpec(downsamplings=1)),
]


def network(spec: NetworkSpec) -> Network:
    return Network("generator", "generator", spec, Image(3), Image(3))


@pytest.mark.parametrize("spec", GENERATORS, ids=repr)
def test_rooms_are_those_of_the_run(spec: GeneratorSpec) -> None:
    room = Room.of(network(spec))
    assert room.multiple == spec.multiple()
    for height in (1, 2, 7, 8, 9, 33, 64):
        for width in (1, 3, 4, 16, 31, 100):
            expected = fitting_size(network(spec), height, width)
            assert room.fit(height, width) == expected, (height, width)


class Fussy(GeneratorSpec, name="fussy"):
    """Takes squares alone."""

    def check(self, given: Image, wanted: Image) -> None:
        if given.height != given.width:
            raise ContractError("no square came")

    def build(self, given: Image, wanted: Image) -> nn.Module:
        return nn.Identity()


def test_a_generator_without_such_a_rule_is_refused() -> None:
    with pytest.raises(UserError, match="takes pictures of all sizes by one rule"):
        Room.of(network(Fussy()))


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (2, 3), (5, 5), (16, 16), (3, 21)], ids=str)
def test_reflected_as_the_run_does_and_cropped_back(size: tuple[int, int]) -> None:
    for kind in (torch.uint8, torch.int32, torch.float32):
        given = torch.arange(2 * size[0] * size[1]).reshape(2, 1, *size).to(kind)
        wide = reflect(given, (16, 24))
        assert torch.equal(wide, pad_by_reflection(given, (16, 24)))
        assert torch.equal(crop(wide, size), given)


# ---------------------------------------------------------------------------------- networks


def test_copies_compute_the_same_and_leave_the_original() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(spectral_norm(nn.Conv2d(3, 8, 3)), nn.BatchNorm2d(8), nn.ReLU())
    net(torch.randn(4, 3, 9, 9))  # moves what both norms know
    net.eval()
    given = torch.randn(2, 3, 9, 9)
    with torch.no_grad():
        wanted = net(given)
        assert (copied(net, half=False)(given) - wanted).abs().max() < 1e-6
        narrow = copied(net, half=True)
        apart = (narrow(given) - wanted).abs().max()
    assert 1e-6 < apart < 1e-2
    kinds = {name: one.dtype for name, one in narrow.named_parameters()}
    assert kinds["0.parametrizations.weight.original"] == torch.float16
    assert kinds["0.bias"] == kinds["1.weight"] == torch.float32
    assert not any(one.dtype == torch.float16 for one in net.parameters())
    assert torch.equal(net(given), wanted)  # the original still has its norm
    assert hasattr(net[0], "parametrizations")


def test_norms_of_each_pictures_own_statistics() -> None:
    net = nn.Sequential(nn.BatchNorm2d(3))
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([1.0, 2, 3]))
        net[0].bias.copy_(torch.tensor([0.0, -1, 1]))
    net[0].track_running_stats = False  # in training, as inference.norm: picture sets it
    given = torch.randn(4, 3, 6, 5) * 3 + 1
    with torch.no_grad():
        alone = torch.cat([net(one[None]) for one in given])
        made = copied(net, half=False)(given)
    assert (made - alone).abs().max() < 1e-5
    assert (made - net(given)).abs().max() > 0.1  # those of the batch are others


# ---------------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    "values",
    [
        Values("uint16", 0, 65535),
        Values("float32", -10, 40, nodata=-9999.0),
        Values("float32", 0, 1, nodata=math.nan),
        Values("int16", -100, 3000, nodata=-32768),
    ],
    ids=str,
)
def test_numbers_of_files_are_read_as_the_run_reads_them(values: Values) -> None:
    port = Port("source", "B 1 H W", "float32", "", Image(1), values)
    low, high = values.low, values.high
    given = torch.linspace(low - (high - low), high + (high - low), 60).reshape(1, 1, 6, 10)
    if values.nodata is not None:
        given[..., ::3] = values.nodata
    read = port.read(given)
    assert (read - to_network("source", given, values, None)).abs().max() < 1e-6
    assert read.min() == -1
    assert read.max() == 1
    again = torch.from_numpy(port.write(read))
    assert (port.read(again) - read).abs().max() < 1e-6
    made = torch.tensor([-1.0, 0, 1])
    assert torch.allclose(to_picture(made, values), torch.tensor([low, (low + high) / 2, high]))


def test_8_bits_that_show_nothing_are_black() -> None:
    values = Values(nodata=255)
    port = Port("source", "B 1 H W", "uint8", "", Image(1), values)
    given = torch.tensor([0, 254, 255], dtype=torch.uint8)
    assert port.read(given).tolist() == [0, 254, 0]
    assert to_picture(torch.tensor([-2.0, 0, 1]), values).tolist() == [0, 128, 255]


def test_figures_judge() -> None:
    def figures(largest: float, share: float) -> Figures:
        return Figures(largest, share, 24, ((64, 64),), FULL, 1, 1)

    assert figures(1e-3, 0.9999).ok
    assert not figures(1.01e-3, 1).ok
    assert not figures(0, 0.99989).ok
    assert not figures(math.nan, 1).ok
    assert HALF.largest > FULL.largest
    told = "24 pictures at 64x64: largest difference 0.001 (allowed 0.001), 99.9900% of pixels"
    assert str(figures(1e-3, 0.9999)).startswith(told)


def test_eight_inputs_of_three_sizes() -> None:
    samples = [{"source": torch.rand(1, 40, 52)}, {"source": torch.rand(1, 900, 600)}]
    cut = cut_to_sizes(samples)
    assert [[*one[0]["source"].shape] for one in cut] == [[1, 40, 52], [1, 29, 31], [1, 15, 31]]
    assert [len(one) for one in cut] == [8, 8, 8]
    first = [one["source"] for one in cut[2][::2]]
    assert all((a != b).any() for a, b in pairwise(first))  # cut elsewhere
    plain = torch.zeros(1, 64, 64)
    plain[:, 40, 40] = 1
    [*_, small] = cut_to_sizes([{"label": plain}])
    assert all(one["label"].any() for one in small)  # not of one number alone
    whole = F.unfold(samples[0]["source"][None], (15, 31))[0]  # each is a part of its picture
    assert ((whole - first[1].reshape(-1, 1)).abs().amax(0) == 0).any()
