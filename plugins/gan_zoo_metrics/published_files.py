"""Files of weights by which pictures are judged: where they are public, how they are recognized,
what to do where they are absent. No torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from gan_zoo.components import UserError, backbones, downloads

INSTALL = "pip install 'gan-zoo[metrics]'"
TORCHVISION = "https://download.pytorch.org/models"


@dataclass(frozen=True)
class PublishedFile:
    """A public file of weights.

    Args:
        name: In torch hub's cache.
        address: Where it is public, without its name.
        sha256: How its digest begins, as the name says; empty where nothing says so.
        megabytes: How large it is.
        network: Whose weights they are.
    """

    name: str
    address: str
    sha256: str
    megabytes: int
    network: str

    @property
    def url(self) -> str:
        """Where it is public."""
        return f"{self.address}/{self.name}"

    def found(self, said: str) -> Path | None:
        """The file that `weights: SAID` means; None where it is not there."""
        if said == "cached":
            return backbones.hub_file(self.name)
        path = Path(said).expanduser()
        return path if path.is_file() else None

    def missing(self, said: str) -> list[str]:
        """Why `weights: SAID` means no file, and what to do; empty where it is there."""
        if self.found(said) is not None:
            return []
        own = "set weights to a file of your own: --set validation.metrics.NAME.weights=PATH"
        if said != "cached":
            return [
                f"weights: there is no file {said}; a state dict of {self.network} is expected, as "
                f"{self.name} from {self.url}"
            ]
        known = f"its sha256 begins with {self.sha256}" if self.sha256 else "of no known sha256"
        path = backbones.hub_path(self.name)
        return [
            f"{self.name} ({self.network}; {self.megabytes} MB, {known}) is not in {path.parent}. "
            "With a network, `gan-zoo evaluate RUN --fetch` fetches it; or bring it: "
            f"curl -L --create-dirs -o {path} {self.url} ; or {own}"
        ]

    def fetch(self, said: str) -> None:
        """Fetch it into torch hub's cache, where it is wanted from there and not there yet."""
        if said == "cached" and self.found(said) is None:
            downloads.fetch_file(self.url, backbones.hub_path(self.name), sha256=self.sha256)

    def require(self, said: str) -> Path:
        """The file that `weights: SAID` means.

        Raises:
            UserError: it is not there.
        """
        path = self.found(said)
        if path is None:
            raise UserError(self.missing(said)[0])
        return path


# TensorFlow's network of 2015-12-05, which every published FID is of.
INCEPTION = PublishedFile(
    "weights-inception-2015-12-05-6726825d.pth",
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0",
    "6726825d",
    96,
    "Inception v3 of torch-fidelity",
)
ALEXNET = PublishedFile(
    "alexnet-owt-7be5be79.pth", TORCHVISION, "7be5be79", 244, "torchvision's alexnet"
)
VGG16 = PublishedFile("vgg16-397923af.pth", TORCHVISION, "397923af", 553, "torchvision's vgg16")
SQUEEZENET = PublishedFile(
    "squeezenet1_1-b8a52dc0.pth", TORCHVISION, "b8a52dc0", 5, "torchvision's squeezenet1_1"
)


def dinov2(name: str, megabytes: int) -> PublishedFile:
    """The published file of a DINOv2, as vitl14."""
    address = f"https://dl.fbaipublicfiles.com/dinov2/dinov2_{name}"
    file, network = f"dinov2_{name}_pretrain.pth", f"DINOv2 {name}"
    return PublishedFile(file, address, "", megabytes, network)


def package_missing(module: str, package: str) -> list[str]:
    """What to do where a package is absent; empty where it is there. It is not imported."""
    if find_spec(module) is not None:
        return []
    return [f"the package {package} is not installed: {INSTALL}"]


def heads_of_torchmetrics(file: str) -> Path:
    """A small file of weights that torchmetrics carries. Importing the package takes seconds.

    Args:
        file: Below its functional/image.

    Raises:
        UserError: the package is absent, or another version.
    """
    found = find_spec("torchmetrics")
    roots = (found.submodule_search_locations or []) if found else []
    for root in roots:
        if (path := Path(root, "functional", "image", file)).is_file():
            return path
    raise UserError(f"torchmetrics has no {file} here: {INSTALL} --upgrade")
