"""Encoders that misbehave in one way each, and the expected messages in the tables.

Apart from that they are correct: they return the mean colours of four parts of an image.
"""

import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from embedbench.encoder import Encoder, Facts, TextEncoder
from embedbench.errors import ImageError, StoreError

__all__ = ["BEHAVING", "DEADLY", "FAILING", "HANGING", "OFFLINE", "TEXTS", "Colours"]

SECONDS_OF_A_HANG = 600.0


def colours(images: Sequence[Any]) -> np.ndarray:
    small = [np.asarray(image.resize((2, 2)), np.float32) for image in images]
    return np.stack([pixels.ravel() / 255 for pixels in small])


@dataclass(frozen=True)
class Colours(Encoder):
    """Correct, and the base of the faulty encoders below."""

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return colours(images)


class TooFewRows(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return colours(images)[:-1]


class TooManyRows(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return np.repeat(colours(images), 2, axis=0)


class Nan(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return np.where(colours(images) > 0.5, np.nan, 1).astype(np.float32)


class Infinite(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return colours(images) * np.float32(np.inf)


class Float64(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return colours(images).astype(np.float64)


class Objects(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return colours(images).astype(object)


class Lists(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return colours(images).tolist()  # type: ignore[no-any-return]


class Nothing(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return None  # type: ignore[return-value]


class Reversed(Colours):
    """Returns rows in reverse order; correct for a single image."""

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return colours(images)[::-1].copy()


class Sorted(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        rows = colours(images)
        return rows[np.argsort(rows[:, 0])]


class OtherDim(Colours):
    """Rows are longer for a batch that begins with more red than blue."""

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        rows = colours(images)
        return np.tile(rows, 2) if rows[0, 0] > rows[0, 2] else rows


class OtherDimOfTexts(Colours, TextEncoder):
    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        return np.ones((len(texts), 5), np.float32)


class Exits(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        sys.exit("enough")


class Interrupts(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        raise KeyboardInterrupt


class Base(BaseException):
    pass


class RaisesBase(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        raise Base("not even an Exception")


class Mute(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


class RaisesMute(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        raise Mute


class Held(Exception):
    def __init__(self) -> None:
        super().__init__("holds a lock")
        self.lock = threading.Lock()


class RaisesUnpicklable(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        raise Held


class RaisesMuch(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        raise ValueError("<script>alert(1)</script>\n\x1b[31m" + "much " * 2_000_000)


class BlamesTheStore(Colours):
    """Raises an error that would end the comparison if the store had raised it."""

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        raise StoreError("the disk is full")


class BlamesTheImages(Colours):
    def prepare(self, image: Image.Image) -> Any:
        raise ImageError("not an image to my taste")


class BadFacts(Colours):
    def facts(self) -> Facts:
        return Facts(parameters="many")  # type: ignore[arg-type]


class NoFacts(Colours):
    def facts(self) -> Facts:
        return {"device": "cpu"}  # type: ignore[return-value]


class LostWeights(Colours):
    def weights_files(self) -> Sequence[Path]:
        return [Path("no-such-weights.bin")]


class NumberOfWeights(Colours):
    def weights_files(self) -> Sequence[Path]:
        return 3  # type: ignore[return-value]


class RaisingVariants(Colours):
    def variants(self, device: str) -> Sequence[Encoder]:
        raise RuntimeError("no such device")


class NoVariants(Colours):
    def variants(self, device: str) -> Sequence[Encoder]:
        return ()


class OtherVariants(Colours):
    def variants(self, device: str) -> Sequence[Encoder]:
        return ("fast", "slow")  # type: ignore[return-value]


class ExitingIdentity(Colours):
    def identity(self) -> dict[str, Any]:
        sys.exit(0)


class OddIdentity(Colours):
    def identity(self) -> dict[str, Any]:
        return {"lock": threading.Lock()}


class NoBatch(Colours):
    batch_size = 0


class Unpicklable(Colours):
    def __reduce__(self) -> Any:
        raise TypeError("I stay here")


class Unloadable(Colours):
    def __reduce__(self) -> Any:
        return sys.exit, (5,)


def _segfault() -> None:
    ctypes.string_at(0)


class Segfault(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        _segfault()
        return colours(images)


class EndsItself(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        print("last\twords", flush=True)
        os._exit(3)


class TakesMemory(Colours):
    """Takes up to 3 GB, which a machine without a limit survives."""

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        taken = []
        for _ in range(30):
            taken.append(np.ones(100_000_000, np.uint8))
            time.sleep(0.05)
        return colours(images)


class HangsWhenLoaded(Colours):
    def facts(self) -> Facts:
        time.sleep(SECONDS_OF_A_HANG)
        return Facts()


class Hangs(Colours):
    """Hangs at a picture of the dataset, after passing all checks."""

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        if images[0].size == (32, 24):
            time.sleep(SECONDS_OF_A_HANG)
        return colours(images)


class HangsWithTexts(Colours, TextEncoder):
    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        time.sleep(SECONDS_OF_A_HANG)
        return np.ones((len(texts), 12), np.float32)


class Prints(Colours):
    """Prints from Python, from C, and from a subprocess; also in the main process."""

    def variants(self, device: str) -> Sequence[Encoder]:
        print("PRINTED")
        os.write(1, b"PRINTED\n")
        return (self,)

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        print("PRINTED", flush=True)
        os.write(1, b"PRINTED\n")
        ctypes.CDLL(None).puts(b"PRINTED")
        ctypes.CDLL(None).fflush(None)
        subprocess.run(["echo", "PRINTED"])
        print("PRINTED", file=sys.stderr, flush=True)
        return colours(images)


class Seeds(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        random.seed(0)
        np.random.seed(0)
        return colours(images)


class Wanders(Colours):
    """Changes state of the process: working folder, environment, warnings, errors, signals."""

    def prepare(self, image: Image.Image) -> Any:
        os.chdir("/")
        os.environ.clear()
        warnings.simplefilter("error")
        np.seterr(all="raise")
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sys.stdout = sys.stderr = None
        return image


class Paints(Colours):
    """Overwrites its input images, and its own rows of the previous batch."""

    def prepare_pixels(self, pixels: np.ndarray) -> Any:
        image = Image.fromarray(pixels)
        pixels[:] = 0
        return image

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        _KEPT.append(colours(images))
        for image in images:
            ImageDraw.Draw(image).rectangle((0, 0, 100, 100), fill="red")
        return _KEPT[-1]


_KEPT: list[np.ndarray] = []


class UsesOneArray(Colours):
    """Returns the same array for every batch, as some runtimes do."""

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        if not _ARRAY:
            _ARRAY.append(np.empty((len(images), 12), np.float32))
        _ARRAY[0][:] = colours(images)
        return _ARRAY[0]


_ARRAY: list[np.ndarray] = []


class StaysAlive(Colours):
    """Runs a thread that keeps its process from exiting."""

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        if threading.active_count() < 8:
            threading.Thread(target=time.sleep, args=(SECONDS_OF_A_HANG,)).start()
        return colours(images)


class Sockets(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        socket.create_connection(("192.0.2.1", 80), timeout=5)
        return colours(images)


class Downloads(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        urllib.request.urlopen("http://192.0.2.1/weights", timeout=5)
        return colours(images)


class LooksUp(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        socket.getaddrinfo("weights.invalid", 80)
        return colours(images)


class RawSocket(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        import _socket

        _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM).connect(("192.0.2.1", 80))
        return colours(images)


class Datagrams(Colours):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        socket.socket(type=socket.SOCK_DGRAM).sendto(b"pixels", ("192.0.2.1", 9))
        return colours(images)


FAILING: dict[str, tuple[Encoder, str]] = {
    "too few rows": (TooFewRows(), "it returned 7 rows for 8 images"),
    "too many rows": (TooManyRows(), "it returned 16 rows for 8 images"),
    "nan": (Nan(), "it returned values that are not finite"),
    "infinite": (Infinite(), "it returned values that are not finite"),
    "float64": (Float64(), "it returned float64; it must return float32"),
    "objects": (Objects(), "it returned object; it must return float32"),
    "lists": (Lists(), "it returned a list; it must return a numpy array"),
    "nothing": (Nothing(), "it returned a NoneType; it must return a numpy array"),
    "reversed": (Reversed(), "its rows are not in the order of the images"),
    "sorted": (Sorted(), "its rows are not in the order of the images"),
    "other dim": (OtherDim(), "it returned rows of 12 numbers and of 24"),
    "sys.exit": (Exits(), "SystemExit: enough"),
    "keyboard": (Interrupts(), "KeyboardInterrupt"),
    "no exception": (RaisesBase(), "Base: not even an Exception"),
    "mute": (RaisesMute(), "Mute"),
    "unpicklable error": (RaisesUnpicklable(), "Held: holds a lock"),
    "much text": (RaisesMuch(), "ValueError: <script>alert(1)</script> [31mmuch much"),
    "store error": (BlamesTheStore(), "the disk is full"),
    "image error": (BlamesTheImages(), "not an image to my taste"),
    "bad facts": (BadFacts(), "its facts say parameters='many', which cannot be"),
    "no facts": (NoFacts(), "its facts are a dict; they must be Facts"),
    "lost weights": (LostWeights(), "FileNotFoundError: [Errno 2] No such file or directory"),
    "number of weights": (NumberOfWeights(), "TypeError: 'int' object is not iterable"),
    "raising variants": (RaisingVariants(), "RuntimeError: no such device"),
    "no variants": (NoVariants(), "it has no variants; the first is the encoder as it is"),
    "other variants": (OtherVariants(), "one of its variants is a str; it must be an Encoder"),
    "exiting identity": (ExitingIdentity(), "SystemExit: 0"),
    "odd identity": (OddIdentity(), "TypeError: Object of type lock is not JSON serializable"),
    "no batch": (NoBatch(), "its batch_size is 0; it must be at least 1"),
    "unpicklable": (Unpicklable(), "it cannot be sent to its process: TypeError: I stay here"),
    "unloadable": (Unloadable(), "it cannot be loaded: SystemExit: 5"),
}
"""Encoders that fail, and the start of their error in encoders.csv."""

DEADLY: dict[str, tuple[Encoder, str]] = {
    "segfault": (Segfault(), "its process died of SIGSEGV"),
    "os._exit": (EndsItself(), "its process died; its last line was: last words"),
    "memory": (TakesMemory(), "its process was ended: it held "),
}

HANGING: dict[str, tuple[Encoder, str]] = {
    "in load": (HangsWhenLoaded(), "no answer from its process for 5 seconds"),
    "in encode": (Hangs(), "no answer from its process for 5 seconds"),
}

TEXTS: dict[str, tuple[Encoder, str]] = {
    "hangs in texts": (HangsWithTexts(), "no answer from its process for 5 seconds"),
    "other dim of texts": (OtherDimOfTexts(), "it returned rows of 5 numbers and of 12"),
}

_REFUSED = "OSError: no network when offline; a connection to 192.0.2.1 was refused"

OFFLINE: dict[str, tuple[Encoder, str]] = {
    "socket": (Sockets(), "OSError: no network when offline; a look-up of 192.0.2.1 was refused"),
    "urllib": (Downloads(), "URLError: <urlopen error no network when offline; a look-up of"),
    "name": (LooksUp(), "OSError: no network when offline; a look-up of weights.invalid was"),
    "raw socket": (RawSocket(), _REFUSED),
    "datagrams": (Datagrams(), _REFUSED),
}

BEHAVING: dict[str, Encoder] = {
    "prints": Prints(),
    "seeds": Seeds(),
    "wanders": Wanders(),
    "paints": Paints(),
    "one array": UsesOneArray(),
    "stays alive": StaysAlive(),
}
"""Encoders whose vectors are correct, and whose side effects do not reach the comparison."""
