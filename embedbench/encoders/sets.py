"""Sets of encoders to start from, each after one `-e`: `starter` and `strong`."""

from dataclasses import dataclass

__all__ = ["EncoderChoice", "HEADINGS", "SETS", "specs_of"]

HEADINGS = ["encoder", "million parameters", "licence", "year", "good at"]


@dataclass(frozen=True)
class EncoderChoice:
    """An encoder of a set.

    Attributes:
        spec: as after `-e`.
        millions: of parameters, of its part for texts too where it has one.
        licence: of the weights, as their publisher names it.
        year: of the weights.
        good_at: what it is known for.
    """

    spec: str
    millions: int
    licence: str
    year: int
    good_at: str

    def row(self) -> list[str]:
        """Return a row of a table, under `HEADINGS`."""
        return [self.spec, str(self.millions), self.licence, str(self.year), self.good_at]


SETS = {
    "starter": (
        EncoderChoice(
            "clip:openai/clip-vit-base-patch32", 151, "MIT, of its code", 2021,
            "everyday photographs; names clusters with words",
        ),
        EncoderChoice(
            "clip:google/siglip2-base-patch16-224", 375, "Apache-2.0", 2025,
            "everyday photographs, finer than CLIP; words of many languages",
        ),
        EncoderChoice(
            "vision:facebook/dinov2-small", 22, "Apache-2.0", 2023,
            "shapes, parts and textures; trained without labels and texts",
        ),
        EncoderChoice(
            "timm:convnext_tiny.fb_in22k", 28, "Apache-2.0", 2022,
            "objects, animals and plants: trained on 22,000 classes",
        ),
        EncoderChoice(
            "timm:resnet50.a1_in1k", 24, "Apache-2.0", 2021,
            "the baseline: trained on the 1,000 classes of ImageNet",
        ),
    ),
    "strong": (
        EncoderChoice(
            "clip:google/siglip2-so400m-patch14-384", 1136, "Apache-2.0", 2025,
            "photographs of all kinds, writing in them; names clusters with words",
        ),
        EncoderChoice(
            "timm:vit_pe_core_large_patch14_336.fb", 316, "Apache-2.0", 2025,
            "photographs of all kinds: trained on images with texts",
        ),
        EncoderChoice(
            "timm:vit_large_patch16_dinov3.lvd1689m", 303, "DINOv3 licence", 2025,
            "shapes, parts and textures; trained without labels and texts",
        ),
        EncoderChoice(
            "timm:vit_large_patch14_reg4_dinov2.lvd142m", 304, "Apache-2.0", 2023,
            "the same, with a free licence; sees 518 x 518 pixels",
        ),
        EncoderChoice(
            "timm:eva02_large_patch14_448.mim_m38m_ft_in22k_in1k", 304, "MIT", 2023,
            "fine differences between objects, animals and plants",
        ),
        EncoderChoice(
            "timm:convnext_large_mlp.clip_laion2b_augreg", 199, "Apache-2.0", 2023,
            "photographs of all kinds, by convolutions",
        ),
    ),
}  # fmt: skip
"""By name: small encoders of different families that run on a laptop, and large ones for a GPU."""


def specs_of(name: str) -> list[str]:
    """Return the specs of a set; the name itself if it is no set's."""
    return [choice.spec for choice in SETS[name]] if name in SETS else [name]
