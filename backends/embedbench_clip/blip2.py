"""BLIP-2 for the retrieval of images and texts, as one vector an image and one a text.

The network compares a text with the nearest of several query vectors of an image. The vector of an
image here is the mean of these, all of length 1, so the cosine with a text is in proportion to the
mean over the queries, where the network takes the largest.
Source: https://arxiv.org/abs/2301.12597, section 3.2.
"""

from typing import TYPE_CHECKING, Any

from embedbench.encoder import EncoderError

if TYPE_CHECKING:
    import torch

__all__ = ["ARCHITECTURE", "POOLING", "blip2_class", "image_vectors", "text_vectors"]

ARCHITECTURE = "Blip2ForImageTextRetrieval"
POOLING = "mean of the query vectors"


def blip2_class(model: str, settings: dict[str, Any]) -> Any:
    """Return the class that reads a BLIP-2 for retrieval.

    Raises:
        EncoderError: by its config.json it is one for words about an image.
    """
    if ARCHITECTURE not in (named := settings.get("architectures") or ["BLIP-2"]):
        raise EncoderError(
            f"'{model}' is a {named[0]}, which writes about images and puts no texts beside them; "
            f"the model must be a {ARCHITECTURE}, such as Salesforce/blip2-itm-vit-g"
        )
    import transformers

    return getattr(transformers, ARCHITECTURE)


def image_vectors(network: Any, pixels: "torch.Tensor") -> "torch.Tensor":
    """Return the mean of each image's query vectors, "images dim", not of length 1."""
    import torch

    patches = network.vision_model(pixel_values=pixels).last_hidden_state
    queries = network.query_tokens.expand(len(patches), -1, -1)
    seen = torch.ones(patches.shape[:-1], dtype=torch.long, device=patches.device)
    found = network.qformer(
        query_embeds=queries, encoder_hidden_states=patches, encoder_attention_mask=seen
    ).last_hidden_state
    vectors = network.vision_projection(found.to(network.vision_projection.weight.dtype))
    return torch.nn.functional.normalize(vectors.float(), dim=-1).mean(dim=1)


def text_vectors(network: Any, batch: "dict[str, torch.Tensor]") -> "torch.Tensor":
    """Return the projected first token of each text, "texts dim", not of length 1."""
    read = network.qformer(
        query_embeds=network.embeddings(input_ids=batch["input_ids"]),
        query_length=0,
        attention_mask=batch["attention_mask"],
    ).last_hidden_state
    vectors: torch.Tensor = network.text_projection(
        read[:, 0].to(network.text_projection.weight.dtype)
    )
    return vectors
