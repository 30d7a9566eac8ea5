"""A plug-in that encodes slowly and records each picture, so that a run can be killed."""

import os
import sys
from collections import Counter
from pathlib import Path

_MODULE = '''
"""Colours, slowly."""
import os
import time
from dataclasses import dataclass
import numpy as np
from embedbench.encoder import Encoder

@dataclass(frozen=True)
class Slow(Encoder):
    """Colours, slowly."""
    seconds: float = 0.2
    side: int = 3
    batch_size: int = 2

    def encode_batch(self, images):
        small = [image.resize((self.side, self.side)) for image in images]
        rows = np.stack([np.asarray(image, np.float32).ravel() / 255 for image in small])
        # Probe images, with which an encoder is checked after loading, have another size.
        own = [row for row, image in zip(rows, images) if image.size == (32, 24)]
        time.sleep(self.seconds * len(own))
        different = {row.tobytes().hex() for row in own}
        notes = os.open(os.environ["SLOW_NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(notes, "".join(f"{row}\\n" for row in different).encode())
        os.close(notes)
        return rows
'''


def lay(folder: Path) -> Path:
    """Install the plug-in `slow` as pip does, without pip."""
    folder.mkdir()
    (folder / "slow_plugin.py").write_text(_MODULE)
    info = folder / "slow_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: slow-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[embedbench.encoders]\nslow = slow_plugin:Slow\n")
    return folder


def environment(plugin: Path, notes: Path) -> dict[str, str]:
    """Return environment variables with the plug-in and the file of its records."""
    paths = [str(plugin), *sys.path, os.environ.get("PYTHONPATH", "")]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "SLOW_NOTES": str(notes),
    }


def noted(notes: Path) -> Counter[str]:
    """Return how often each picture was encoded."""
    return Counter(notes.read_text().split()) if notes.exists() else Counter()
