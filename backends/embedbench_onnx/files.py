"""Files of ONNX networks: what they hold, what they refer to, and a session that runs them."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import psutil

from embedbench.encoder import EncoderError, WeightsError

__all__ = ["NetworkFile"]


@dataclass(frozen=True)
class NetworkFile:
    """A network in an ONNX file, loaded at first use.

    Attributes:
        path: the file; large weights may lie in others of its folder.
        inner: a tensor inside of the network that is made an output as well, if it is none.
    """

    path: Path
    inner: str = ""

    @cached_property
    def session(self) -> Any:
        """The session of onnxruntime, on a GPU where onnxruntime has one.

        It takes as many threads as the process may, and no library of operators of its own.
        """
        import onnxruntime

        _ = self.files  # first, for what may not be read must not be
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS") or 0)
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors
        wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
        here = onnxruntime.get_available_providers()
        try:
            return onnxruntime.InferenceSession(
                self._with_inner(options) or str(self.path),
                options,
                providers=[name for name in wanted if name in here],
            )
        except Exception as error:  # onnxruntime's errors have no base of their own
            raise WeightsError(
                f"onnxruntime cannot load '{self.path}': {_line(error)}; libraries of custom "
                "operators are not loaded"
            ) from error

    @cached_property
    def files(self) -> list[Path]:
        """The file, and those in its folder that hold its large weights.

        Raises:
            WeightsError: the file is absent or no ONNX, or refers to one that lies elsewhere.
        """
        tensors = _tensors(self._model)
        names = {entry.value for one in tensors for entry in one.external_data if _is_place(entry)}
        files = [self.path, *(self._beside(name) for name in sorted(names))]
        self._check_memory(files)
        return files

    @cached_property
    def _quantises_by_batch(self) -> bool:
        return any(node.op_type == "DynamicQuantizeLinear" for node in self._model.graph.node)

    @property
    def parameters(self) -> int:
        """How many numbers the network's tensors hold."""
        return sum(prod(tensor.dims) for tensor in self._model.graph.initializer)

    @property
    def device(self) -> str:
        """Where the network runs: "cuda" or "cpu"."""
        return "cuda" if "CUDAExecutionProvider" in self.session.get_providers() else "cpu"

    @property
    def outputs(self) -> dict[str, list[Any]]:
        """The shapes of the network's outputs by their names; axes may be words."""
        return {output.name: list(output.shape) for output in self.session.get_outputs()}

    def choose_output(self, field: str, wanted: str, likely: Sequence[str]) -> str:
        """Return which output to take: the wanted one, the only one, or the first likely one.

        Args:
            field: of the encoder, that names the wanted one.
            wanted: its name; empty if none is named.
            likely: names of outputs that are one row each.

        Raises:
            EncoderError: it is not there, or several can be meant.
        """
        names = list(self.outputs)
        if wanted in names:
            return wanted
        found = names if len(names) == 1 else [name for name in likely if name in names]
        if found and not wanted:
            return found[0]
        what = f"no output '{wanted}'" if wanted else f"{len(names)} outputs"
        listed = ", ".join(f"'{name}' {_shape(shape)}" for name, shape in self.outputs.items())
        raise EncoderError(f"'{self.path}' has {what}; give {field}=NAME, one of {listed}")

    def run(self, output: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """Return an output in float32, in pieces where the network takes a fixed number at once.

        Rows go one by one where the network quantises by what is in the batch, so that no row
        depends on the others.

        Args:
            output: its name.
            inputs: by their names, all of as many rows.

        Raises:
            EncoderError: the network fails on these inputs.
        """
        count = len(next(iter(inputs.values())))
        fixed = [one.shape[0] for one in self.session.get_inputs() if one.shape]
        least = 1 if self._quantises_by_batch else count
        at_once = min([number for number in fixed if isinstance(number, int)], default=least)
        pieces = []
        for start in range(0, count, at_once):
            rows = np.minimum(np.arange(start, start + at_once), count - 1)  # fills up the last
            piece = {name: values[rows] for name, values in inputs.items()}
            try:
                (found,) = self.session.run([output], piece)
            except Exception as error:  # as above
                raise EncoderError(f"'{self.path}' failed: {_line(error)}") from error
            pieces.append(np.asarray(found, np.float32))
        return np.concatenate(pieces)[:count]

    @cached_property
    def _model(self) -> Any:
        import onnx
        from google.protobuf.message import DecodeError

        if not self.path.is_file():
            raise WeightsError(f"there is no file '{self.path}'; it must be an ONNX network")
        self._check_memory([self.path])
        try:
            model = onnx.load(str(self.path), load_external_data=False)
        except DecodeError as error:
            raise WeightsError(f"'{self.path}' is no ONNX file: {_line(error)}") from error
        for tensor in model.graph.initializer:
            tensor.ClearField("raw_data")  # only what is told of the weights is kept
        return model

    def before(self, output: str) -> str | None:
        """Return the tensor that the last layer of weights before an output takes; None if none.

        It is what a classifier's scores are made from.
        """
        makers = {name: node for node in self._model.graph.node for name in node.output}
        weights = {tensor.name for tensor in self._model.graph.initializer}
        node = makers.get(output)
        while node is not None and node.op_type not in ("Gemm", "MatMul", "Conv"):
            node = next((makers[name] for name in node.input if name in makers), None)
        if node is None or node.input[0] not in makers or node.input[0] in weights:
            return None
        return str(node.input[0])

    def _with_inner(self, options: Any) -> bytes | None:
        """Return the network with the inner tensor as an output; None where that is not needed."""
        import onnx

        graph = self._model.graph
        made = {name for node in graph.node for name in node.output}
        if self.inner not in made or self.inner in {one.name for one in graph.output}:
            return None
        options.add_session_config_entry(
            "session.model_external_initializers_file_folder_path", str(self.path.parent)
        )
        model = onnx.load(str(self.path), load_external_data=False)
        model.graph.output.append(onnx.ValueInfoProto(name=self.inner))
        return bytes(model.SerializeToString())

    def _check_memory(self, files: Sequence[Path]) -> None:
        """Raise WeightsError, before they are read, if files are larger than the memory."""
        size, memory = sum(path.stat().st_size for path in files), psutil.virtual_memory().total
        if size > memory:
            raise WeightsError(
                f"'{self.path}' has {size / 1e9:.0f} GB of weights and this machine "
                f"{memory / 1e9:.0f} GB of memory; run it on a larger machine, or quantise it"
            )

    def _beside(self, name: str) -> Path:
        """Return the file of weights of this name if it lies in the network's folder."""
        place, path = PurePosixPath(name), self.path.parent / name
        homes = {self.path.parent.resolve(), self.path.resolve().parent}  # a cache may be of links
        inside = not place.is_absolute() and ".." not in place.parts
        if not inside or not any(path.resolve().is_relative_to(home) for home in homes):
            raise WeightsError(
                f"'{self.path}' refers to weights in '{name}', outside of its folder; they are "
                "not read"
            )
        if not path.is_file():
            raise WeightsError(f"'{self.path}' has weights in '{name}', which is not beside it")
        return path


def _tensors(message: Any) -> Iterator[Any]:
    """Yield every tensor in a message of ONNX, however deep it lies."""
    from google.protobuf.message import Message
    from onnx import TensorProto

    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for one in [value] if isinstance(value, Message) else value:
            if isinstance(one, TensorProto):
                yield one
            else:
                yield from _tensors(one)


def _is_place(entry: Any) -> bool:
    return bool(entry.key == "location")


def _shape(shape: Sequence[Any]) -> str:
    return f"({', '.join(map(str, shape))})"


def _line(error: Exception) -> str:
    """Return what a library says, on one line, cut after 300 characters."""
    return " ".join(str(error).split())[:300] or type(error).__name__
