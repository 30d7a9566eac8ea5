"""The ImageNet weights of keras.applications: are they here, does their server answer?"""

import os
import re
import threading
import urllib.error
import urllib.request
from pathlib import Path

from embedbench.encoder import WeightsError, first_sentence

__all__ = ["advice", "check_server"]

_SERVER = "https://storage.googleapis.com/tensorflow/keras-applications/"
_PATIENCE_SECONDS = 5.0


def advice(model: str, weights: str, error: Exception | str) -> str:
    """Return why weights cannot be had, and the next step."""
    why = first_sentence(error)
    if weights != "imagenet":
        return f"cannot load '{weights}' into {model} without its top: {why}"
    return (
        f"cannot fetch the ImageNet weights of {model}: {why}; fetch them on a machine that "
        "reaches it and give the file: weights=FILE, or leave them random: weights=none"
    )


def check_server(model: str) -> None:
    """Raise WeightsError within seconds where Keras would wait long for a file to download."""
    if not _is_cached(model) and (reason := _silence(_SERVER)):
        raise WeightsError(advice(model, "imagenet", reason))


def _is_cached(model: str) -> bool:
    """Whether Keras has fetched the model's weights before; its file names have many styles."""
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    wanted = re.compile(model.lower() + r"(?!v\d).*notop")  # ResNet50 is not ResNet50V2
    files = (home / "models").glob("*.h5")
    return any(wanted.search(re.sub("[-_]", "", file.name.lower())) for file in files)


def _silence(address: str) -> str:
    """Return why an address does not answer within seconds; nothing if it does."""
    reasons = [f"no answer from {address} within {_PATIENCE_SECONDS:.0f} seconds"]

    def ask() -> None:
        request = urllib.request.Request(address, method="HEAD")
        try:
            urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS).close()
            reasons.append("")
        except urllib.error.HTTPError:
            reasons.append("")
        except (OSError, ValueError) as error:
            reasons.append(f"no answer from {address}: {error}")

    # A server has many addresses, each with a timeout of its own: a thread has one for all.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_PATIENCE_SECONDS)
    return reasons[-1]
