"""Encode the labelled sets for the benchmark of the verdict, with augmented views.

python benchmarks/verdict_bank.py SETS OUT --assets ASSETS

Writes OUT/SET.safetensors, with one array `ENCODER` (1 + changes, images, dim) for each encoder,
with the original images first, and `truth`. About 25 minutes on two cores; vectors in the store
are not encoded again.
"""

import argparse
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from safetensors.numpy import save_file

from embedbench.data.images.augmentations import AUGMENTATIONS, AugmentedImage
from embedbench.data.loading import read_dataset
from embedbench.data.scan import scan_images
from embedbench.embedding.embed import embed
from embedbench.embedding.factory import make_engine
from embedbench.encoder import Encoder
from embedbench.encoders.registry import create_encoders
from embedbench.parallel.engine_options import EngineOptions
from embedbench.utils.progress import Progress
from embedbench_timm import evaluation_preparation, load_packaged
from embedbench_torch import Preparation, TorchEncoder


@dataclass(frozen=True)
class Lite0Layers(TorchEncoder):
    """Layers of EfficientNet-Lite0: pooled early and middle layers, and logits."""

    libraries: ClassVar[tuple[str, ...]] = ("timm", "torch")

    @cached_property
    def _network(self) -> Any:
        return self._settle(load_packaged("tf_efficientnet_lite0"))

    @cached_property
    def _preparation(self) -> Preparation:
        return evaluation_preparation(self._network)

    def _features(self, batch: Any) -> Any:
        """Return 24 early values, 112 middle values and 1,000 logits per row."""
        import torch

        network = self._network
        found = network.bn1(network.conv_stem(batch))
        pooled = []
        for number, block in enumerate(network.blocks):
            found = block(found)
            if number in (1, 4):
                pooled.append(found.mean((2, 3)))
        logits = network.forward_head(network.bn2(network.conv_head(found)))
        return torch.cat([*pooled, logits], 1)


LAYERS = {"early": slice(0, 24), "middle": slice(24, 136), "logits": slice(136, None)}


def main() -> None:
    """Encode all sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--assets", type=Path, required=True)
    parser.add_argument("--store", type=Path)
    asked = parser.parse_args()
    weights = asked.assets / "weights"
    mobilenet = weights / "mobilenetv2_imagenet_features/timm_mobilenetv2_100_features.pth"
    keras = "keras_mobilenetv2_imagenet/keras_mobilenetv2_imagenet_notop.weights.h5"
    specs: dict[str, Any] = {
        "lite0": "timm",
        "lite1": "timm:tf_efficientnet_lite1",
        "lite2": "timm:tf_efficientnet_lite2",
        "mobilenet": f"timm:mobilenetv2_100,weights={mobilenet}",
        "keras": f"keras:MobileNetV2,weights={weights / keras}",
        "conse": "conse",
        "pixels": "pixels",
        "untrained": "timm:tf_efficientnet_lite0,pretrained=false",
        "untrained18": "timm:resnet18,pretrained=false",
    }
    encoders: dict[str, Encoder] = {
        name: next(iter(create_encoders([spec]).values())) for name, spec in specs.items()
    }
    encoders["layers"] = Lite0Layers()
    engine = make_engine(EngineOptions(store=asked.store, offline=True), Progress(True))
    asked.out.mkdir(parents=True, exist_ok=True)
    for folder in sorted(path for path in asked.sets.iterdir() if path.is_dir()):
        dataset, images, _ = scan_images(
            read_dataset(folder), engine.store, engine.workers, engine.progress
        )
        hashes = list(images["hash"])
        copies = [
            (copy.store_key, copy)
            for change in AUGMENTATIONS
            for source, key in zip(dataset.sources, hashes, strict=True)
            for copy in [AugmentedImage(source, change, key)]
        ]
        truth = dataset.truth_codes()
        assert truth is not None
        arrays = {"truth": truth[0]}
        for name, encoder in encoders.items():
            found = embed(name, encoder, dataset, hashes, engine, others=copies)
            rows = np.concatenate([found.vectors, found.others])
            layers = rows.reshape(1 + len(AUGMENTATIONS), len(dataset), -1)
            parts = LAYERS if name == "layers" else {name: slice(None)}
            arrays |= {
                part: np.ascontiguousarray(layers[..., columns]) for part, columns in parts.items()
            }
            print(f"{folder.name} {name}: {found.record.images_per_second}", flush=True)
        save_file(arrays, asked.out / f"{folder.name}.safetensors")


if __name__ == "__main__":
    main()
