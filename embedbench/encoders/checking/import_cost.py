"""Cost of constructing an encoder, measured in a new process."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from embedbench.encoder import Encoder
from embedbench.encoders.pickling import dumps
from embedbench.errors import EncoderError
from embedbench.utils.messages import one_line
from embedbench.utils.spec import field_list

__all__ = ["HEAVY", "check_import_cost"]

HEAVY = (
    "jax", "keras", "matplotlib", "onnxruntime", "open_clip", "sklearn", "tensorflow", "timm",
    "torch", "torchvision", "transformers",
)  # fmt: skip
"""Libraries that take seconds to import."""

_MOST_SECONDS = 3.0
"""Limit of processor time for importing its module and constructing it."""

_PATIENCE = 120.0

_PROGRAM = """
import json, pickle, sys, time
folder, heavy = sys.argv[1], sys.argv[2].split(",")
sys.path[:] = json.load(open(folder + "/path"))
import embedbench.encoder
before, start = set(sys.modules), time.process_time()
make, values = pickle.load(sys.stdin.buffer)
encoder = make(**values)
seconds = time.process_time() - start
encoder.identity()
found = [name for name in heavy if name in sys.modules and name not in before]
json.dump([found, seconds], open(folder + "/answer", "w"))
"""


def check_import_cost(encoder: Encoder) -> None:
    """Raise EncoderError unless constructing the encoder is quick, with no heavy import."""
    values = {
        field.name: getattr(encoder, field.name)
        for field in field_list(type(encoder))
        if field.init
    }
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "path").write_text(json.dumps(sys.path))
        sent = dumps((type(encoder), values))
        command = [sys.executable, "-c", _PROGRAM, folder, ",".join(HEAVY)]
        try:
            done = subprocess.run(command, input=sent, capture_output=True, timeout=_PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise EncoderError(f"constructing it takes more than {_PATIENCE:g} seconds") from error
        if done.returncode:
            lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
            raise EncoderError(f"it cannot be constructed in a new process: {one_line(lines[-1])}")
        heavy, seconds = json.loads(Path(folder, "answer").read_text())
    if heavy:
        raise EncoderError(f"constructing it imports {', '.join(heavy)}; import at first use")
    if seconds > _MOST_SECONDS:
        raise EncoderError(f"constructing it takes {seconds:.1f} seconds of the processor")
