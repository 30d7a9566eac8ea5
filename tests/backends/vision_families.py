"""Every family of vision models that transformers lists, each built small with random weights."""

from pathlib import Path
from typing import Any

PLAIN = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
WIDTHS = {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1]}
WINDOWS = {"embed_dim": 8, "depths": [1, 1, 1, 1], "num_heads": [1, 1, 2, 2]}

# What makes a family's network small, where the names of `PLAIN` are not all it has.
SMALLER: dict[str, dict[str, Any]] = {
    "bit": {"embedding_size": 8, **WIDTHS, "num_groups": 4},
    "convnext": WIDTHS,
    "convnextv2": WIDTHS,
    "cvt": {},
    "dinov2": PLAIN | {"patch_size": 14},
    "dinov2_with_registers": PLAIN | {"patch_size": 14},
    "dinov3_convnext": WIDTHS,
    "donut-swin": WINDOWS | {"window_size": 5},
    "efficientnet": {"width_coefficient": 0.25, "depth_coefficient": 0.2, "hidden_dim": 320},
    "focalnet": {"embed_dim": 8, "depths": [1, 1, 1, 1]},
    "glpn": {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1],
             "num_attention_heads": [1, 2, 2, 4], "decoder_hidden_size": 8},
    "hiera": {"embed_dim": 8, "depths": [1, 1, 1, 1], "num_heads": [1, 1, 2, 4]},
    "levit": {"hidden_sizes": [32, 48, 64], "num_attention_heads": [2, 3, 4], "depths": [1, 1, 1]},
    "lw_detr_vit": PLAIN | {"image_size": 256, "window_block_indices": [0]},
    "maskformer-swin": WINDOWS,
    "mobilenet_v1": {"depth_multiplier": 0.25},
    "mobilenet_v2": {"depth_multiplier": 0.35},
    "mobilevitv2": {"width_multiplier": 0.5},
    "poolformer": WIDTHS,
    "pvt": {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1],
            "num_attention_heads": [1, 2, 2, 4]},
    "pvt_v2": {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1],
               "num_attention_heads": [1, 2, 2, 4]},
    "regnet": {"embedding_size": 8, "hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1],
               "groups_width": 8},
    "resnet": {"embedding_size": 8, **WIDTHS},
    "rt_detr_resnet": {"embedding_size": 8, **WIDTHS},
    "sam_vision_model": PLAIN | {"image_size": 224, "output_channels": 16, "mlp_dim": 64,
                                 "global_attn_indexes": [1]},
    "sam_hq_vision_model": PLAIN | {"image_size": 224, "output_channels": 16, "mlp_dim": 64,
                                    "global_attn_indexes": [1]},
    "segformer": {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1],
                  "num_attention_heads": [1, 1, 2, 4]},
    "swiftformer": {"embed_dims": [16, 24, 32, 48], "depths": [1, 1, 1, 1]},
    "swin": WINDOWS,
    "swin2sr": {"embed_dim": 12, "depths": [1, 1], "num_heads": [2, 2]},
    "swinv2": WINDOWS,
    "textnet": {},
    "siglip2_vision_model": PLAIN | {"num_patches": 256},
}  # fmt: skip

# The pooling that `auto` means where the model returns no vector of its own, or where a classifier
# is saved without the weights of its pooler.
WITHOUT_POOLER = {
    "cvt": "the class token beside the map",
    "data2vec-vision": "class token",
    "deit": "class token",
    "glpn": "map",
    "hgnet_v2": "map",
    "ijepa": "mean of tokens",
    "lw_detr_vit": "map",
    "poolformer": "map",
    "pp_lcnet": "map",
    "pp_lcnet_v3": "map",
    "pp_lcnet_v4": "map",
    "pvt": "class token",
    "pvt_v2": "map",
    "rf_detr_dinov2": "map",
    "rt_detr_resnet": "map",
    "sam2_vision_model": "map, channels last",
    "sam3_vit_model": "mean of tokens",
    "sam_hq_vision_model": "map",
    "sam_vision_model": "map",
    "segformer": "map",
    "swiftformer": "map",
    "swin2sr": "map",
    "textnet": "map",
    "uvdoc_backbone": "map",
    "vit": "class token",
    "vit_mae": "class token",
    "vit_msn": "class token",
    "vitdet": "map",
    "vitpose_backbone": "mean of tokens",
}

_TWO_TOWERS = "images and texts, by the encoder `clip`"
_DETECTOR = "a detector of objects"
_VIDEO = "a video model"
_TALKS = "images and texts"

WITHOUT_A_VECTOR = {
    "clip": _TWO_TOWERS,
    "cohere2_vision": _TALKS,
    "conditional_detr": _DETECTOR,
    "dab-detr": _DETECTOR,
    "deformable_detr": _DETECTOR,
    "depth_pro": "a model of depth, which sees an image as overlapping pieces",
    "detr": _DETECTOR,
    "imagegpt": "reads grey levels as words",
    "llama4": _TALKS,
    "metaclip_2": _TWO_TOWERS,
    "mllama": _TALKS,
    "perceiver": "reads arrays of any kind, prepared by a part that belongs to each head",
    "shieldgemma2": "has no network without a head",
    "siglip": _TWO_TOWERS,
    "siglip2": _TWO_TOWERS,
    "table-transformer": _DETECTOR,
    "timesformer": _VIDEO,
    "timm_backbone": "a model of timm, by the encoder `timm`",
    "tipsv2": _TWO_TOWERS,
    "videomae": _VIDEO,
    "videoprism_vision_model": _VIDEO,
    "vivit": _VIDEO,
    "yolos": _DETECTOR,
}

NOT_BUILT = {
    "dinat": "needs the library natten",
    "edgetam_vision_model": "is built around a network of timm",
    "sam3_vision_model": "its configuration holds another one, of 450 million parameters",
    "timm_wrapper": "is a network of timm, which `timm` is tested with",
}

SAMPLE = ("convnext", "dinov2", "dinov2_with_registers", "resnet", "swin", "vit")


def listed_families() -> set[str]:
    """Return the families of vision models that the installed transformers lists."""
    from transformers.models.auto import modeling_auto

    tasks = ("IMAGE_CLASSIFICATION", "BACKBONE", "IMAGE")
    listed: set[str] = set()
    for task in tasks:
        listed |= set(getattr(modeling_auto, f"MODEL_FOR_{task}_MAPPING_NAMES"))
    parts = ("_vision_model", "_vit_model")
    return listed | {name for name in modeling_auto.MODEL_MAPPING_NAMES if name.endswith(parts)}


def built_families() -> list[str]:
    """Return those of them that can be built small and give a vector."""
    return sorted(listed_families() - set(WITHOUT_A_VECTOR) - set(NOT_BUILT))


def write_family(family: str, folder: Path) -> None:
    """Save a small network of a family and its image processor.

    A classifier where the family has one, for that is what most weights are saved of.
    """
    import torch
    import transformers
    from PIL import Image
    from transformers.models.auto import modeling_auto

    processor = _processor(family)
    processor.save_pretrained(folder)
    pixels = processor(Image.new("RGB", (90, 70)), return_tensors="pt")["pixel_values"]
    kind = transformers.CONFIG_MAPPING[family]
    usual = kind()
    changes = dict(
        SMALLER.get(family, {name: n for name, n in PLAIN.items() if hasattr(usual, name)})
    )
    if hasattr(usual, "image_size") and "image_size" not in changes:
        pair = isinstance(usual.image_size, (list, tuple))
        changes["image_size"] = list(pixels.shape[-2:]) if pair else pixels.shape[-1]
    config = kind(**changes)
    torch.manual_seed(0)
    if heads := modeling_auto.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES.get(family):
        name = heads if isinstance(heads, str) else heads[0]
        network = getattr(transformers, name)(config)
    elif family in modeling_auto.MODEL_MAPPING_NAMES:
        network = transformers.AutoModel.from_config(config)
    else:
        network = transformers.AutoBackbone.from_config(config)
    with torch.no_grad():
        for name, parameter in network.named_parameters():  # so that no signal dies on its way
            if parameter.ndim in (2, 4):
                parameter.normal_(std=(2 / parameter[0].numel()) ** 0.5)
            elif parameter.ndim == 1 and not name.endswith("bias"):
                parameter.normal_(1, std=0.1)
            elif not name.endswith("bias"):
                parameter.add_(torch.randn_like(parameter), alpha=0.1)
    network.save_pretrained(folder)


def _processor(family: str) -> Any:
    import transformers
    from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING_NAMES

    pixels = 256 if family == "lw_detr_vit" else 224
    side = {"height": pixels, "width": pixels}
    if family.startswith(("sam", "donut", "lw_detr", "rf_detr", "uvdoc", "swin2sr", "maskformer")):
        return transformers.ViTImageProcessor(size=side)
    family = family.removesuffix("_vision_model") if family.startswith("siglip") else family
    names = IMAGE_PROCESSOR_MAPPING_NAMES.get(family, ["ViTImageProcessor"])
    name = names["torchvision"] if isinstance(names, dict) else names[0]  # transformers 5, or 4
    return getattr(transformers, name)()
