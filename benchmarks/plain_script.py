"""What one writes without embedbench: import, load, loop in batches of 32, save.

python benchmarks/plain_script.py MODEL FOLDER OUT.npy

MODEL is a folder with a CLIP of transformers, or a timm model's name; its weights are random.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

model, folder, out = sys.argv[1:]
paths = sorted(path for path in Path(folder).rglob("*") if path.suffix in (".jpg", ".png"))
if Path(model).is_dir():
    from transformers import AutoImageProcessor, CLIPModel

    processor = AutoImageProcessor.from_pretrained(model)
    clip = CLIPModel.from_pretrained(model).eval()

    def encode(images: list[Image.Image]) -> torch.Tensor:
        """Return one row for each image."""
        prepared = processor(images=images, return_tensors="pt")["pixel_values"]
        rows: torch.Tensor = clip.get_image_features(pixel_values=prepared).pooler_output
        return rows

else:
    import timm

    network = timm.create_model(model, pretrained=False, num_classes=0).eval()
    config = timm.data.resolve_model_data_config(network)
    transform = timm.data.create_transform(**config, is_training=False)

    def encode(images: list[Image.Image]) -> torch.Tensor:
        """Return one row for each image."""
        rows: torch.Tensor = network(torch.stack([transform(image) for image in images]))
        return rows


parts = []
with torch.inference_mode():
    for start in range(0, len(paths), 32):
        images = [Image.open(path).convert("RGB") for path in paths[start : start + 32]]
        parts.append(encode(images).numpy())
np.save(out, np.concatenate(parts))
