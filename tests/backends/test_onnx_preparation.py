"""How the `onnx` encoder prepares images: as the libraries whose files lie beside do it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.encoders.registry import create_encoder
from embedbench.errors import EmbedbenchError, EncoderError, InputError, WeightsError
from embedbench_onnx import OnnxEncoder
from embedbench_onnx.processors import load_processor
from embedbench_onnx.settings import described
from tests.support.libraries import library
from tests.support.paths import ROOT

onnx = library("onnx")
onnxruntime = library("onnxruntime")
transformers = library("transformers")
open_clip = library("open_clip")
library("timm")

CASES = ROOT.parent / "shared" / "cases" / "onnx_preparation.json"
CLIP = {
    "crop_size": {"height": 24, "width": 24},
    "do_center_crop": True,
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
    "image_processor_type": "CLIPImageProcessor",
    "resample": 3,
    "size": {"shortest_edge": 32},
}

NOT_ONE_IMAGE = {
    "patches in rows": (
        "CohereCompass Cosmos3Edge Ernie4_5_VLMoe Gemma4 Gemma4Unified Glm46V Glm4v Glm5Next "
        "GlmImage Glmga HYV4VL HunYuanVL Inkling2 Inkling Kimi_K25 Lfm2Vl MiniMaxM3VL Molmo2 "
        "MuseGlimmer NemotronH_Omni_Reasoning_V3 NeoMME PaddleOCRVL Qwen2VL Siglip2 VideoLlama3"
    ),
    "several tiles": (
        "GraniteDocling Idefics2 Idefics3 LlavaNext LlavaOnevision Mllama PerceptionLM SmolVLM "
        "UltraVBert"
    ),
    "frames of a video": "Tvp VideoMAE Vivit",
    "pixels by another name": "Fuyu Idefics Kosmos2_5 Phi4Multimodal Pix2Struct VideoLlava",
    "pairs of images": "EfficientLoFTR LightGlue SuperGlue",
    "boxes, mattes, clusters or texts beside the image": (
        "VitMatte VitPose ImageGPT LayoutLMv2 LayoutLMv3"
    ),
    "bfloat16, which NumPy lacks": "Llama4",
}
"""Processors of transformers that make something else of an image than its pixels."""


def _pictures(count: int = 4) -> list[Image.Image]:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 7, 9, 3), dtype=np.uint8)
    sizes = [(330, 250), (250, 330), (300, 300), (97, 201)]
    return [Image.fromarray(one).resize(size) for one, size in zip(pixels, sizes, strict=False)]


def _network(file: Path, kind: str = "FLOAT", sides: Sequence[Any] = ("h", "w")) -> Path:
    """Write a small network of random weights: a convolution, then the mean of each channel."""
    weights = np.random.default_rng(1).normal(0, 0.1, (16, 3, 5, 5))
    number = getattr(onnx.TensorProto, kind)
    values = weights.astype(onnx.helper.tensor_dtype_to_np_dtype(number))
    make = onnx.helper.make_node
    graph = onnx.helper.make_graph(
        [
            make("Conv", ["pixel_values", "weights"], ["map"], strides=[3, 3]),
            make("Relu", ["map"], ["positive"]),
            make("ReduceMean", ["positive"], ["image_embeds"], axes=[2, 3], keepdims=0),
        ],
        "network",
        [onnx.helper.make_tensor_value_info("pixel_values", number, ["n", 3, *sides])],
        [onnx.helper.make_tensor_value_info("image_embeds", number, ["n", 16])],
        [onnx.numpy_helper.from_array(values, "weights")],
    )
    opsets = [onnx.helper.make_opsetid("", 17)]
    file.parent.mkdir(exist_ok=True)
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9), str(file))
    return file


def _run(file: Path, pixels: Sequence[np.ndarray]) -> np.ndarray:
    """Return the network's own rows of prepared images."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    rows = [session.run(None, {"pixel_values": one[None]})[0][0] for one in pixels]
    return np.stack(rows)


def _least_cosine(rows: np.ndarray, others: np.ndarray) -> float:
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(others, axis=1)
    return float(np.min((rows * others).sum(axis=1) / lengths))


def _write(file: Path, settings: Any) -> None:
    file.write_text(json.dumps(settings))


def _direct(processor: Any, pictures: Sequence[Image.Image]) -> list[np.ndarray]:
    return [processor(images=one, return_tensors="np")["pixel_values"][0] for one in pictures]


def _cases() -> list[Any]:
    told = json.loads(CASES.read_text())["preprocessor_config.json"] if CASES.is_file() else {}
    return [pytest.param(case["processor"], case["config"], id=name) for name, case in told.items()]


@pytest.mark.parametrize(("name", "config"), _cases())
def test_vectors_are_those_of_the_processor_that_the_file_means(
    name: str, config: dict[str, Any], tmp_path: Path
) -> None:
    file = _network(tmp_path / "onnx" / "model.onnx")
    _write(tmp_path / "preprocessor_config.json", config)
    if not config.keys() & {"image_processor_type", "feature_extractor_type"}:
        _write(tmp_path / "config.json", {"model_type": "vit"})
    processor = getattr(transformers, name).from_dict(dict(config))
    expected = _run(file, _direct(processor, _pictures()))
    encoder = OnnxEncoder(file, batch_size=1)
    assert _least_cosine(encoder.encode(_pictures()), expected) >= 0.999999
    remark = encoder.facts().remark or ""
    assert remark.startswith(f"images are prepared by {type(processor).__name__} from preproc")


def test_the_image_part_of_a_processor_config_is_followed(tmp_path: Path) -> None:
    file = _network(tmp_path / "model.onnx", sides=(24, 24))
    _write(
        tmp_path / "processor_config.json",
        {"image_processor": CLIP, "processor_class": "CLIPProcessor"},
    )
    processor = transformers.CLIPImageProcessor.from_dict(dict(CLIP))
    expected = _run(file, _direct(processor, _pictures()))
    encoder = create_encoder(f"onnx:{file}")
    np.testing.assert_allclose(encoder.encode(_pictures()), expected, atol=1e-6)
    assert encoder.facts().image_size == "24x24"


@pytest.mark.parametrize("mode", ["squash", "shortest", "longest"])
def test_settings_of_openclip_are_followed_by_openclip(mode: str, tmp_path: Path) -> None:
    from open_clip.transform import PreprocessCfg, image_transform_v2

    file = _network(tmp_path / "model.onnx")
    told = {
        "size": [32, 32], "mode": "RGB", "mean": [0.5, 0.4, 0.3], "std": [0.5, 0.6, 0.7],
        "interpolation": "bicubic", "resize_mode": mode, "fill_color": 7,
    }  # fmt: skip
    transform = image_transform_v2(PreprocessCfg(**told), is_train=False)
    expected = _run(file, [transform(one).numpy() for one in _pictures()])
    _write(tmp_path / "preprocess_cfg.json", told)
    np.testing.assert_allclose(OnnxEncoder(file).encode(_pictures()), expected, atol=1e-6)
    (tmp_path / "preprocess_cfg.json").unlink()
    config = {"vision_cfg": {"image_size": told.pop("size")}, "embed_dim": 16}
    _write(tmp_path / "open_clip_config.json", {"model_cfg": config, "preprocess_cfg": told})
    np.testing.assert_allclose(OnnxEncoder(file).encode(_pictures()), expected, atol=1e-6)


@pytest.mark.parametrize("crop_mode", ["center", "squash", "border"])
@pytest.mark.parametrize("apart", [True, False])
def test_settings_of_timm_are_followed_by_timm(crop_mode: str, apart: bool, tmp_path: Path) -> None:
    from timm.data.transforms_factory import create_transform

    file = _network(tmp_path / "model.onnx")
    told = {
        "input_size": [3, 32, 32], "interpolation": "bicubic", "crop_pct": 0.9,
        "crop_mode": crop_mode, "mean": [0.5, 0.4, 0.3], "std": [0.5, 0.6, 0.7],
    }  # fmt: skip
    transform = create_transform(**told, is_training=False)
    expected = _run(file, [transform(one).numpy() for one in _pictures()])
    model = {"architecture": "resnet18"}
    _write(tmp_path / "config.json", model | ({"pretrained_cfg": told} if apart else told))
    encoder = OnnxEncoder(file)
    np.testing.assert_allclose(encoder.encode(_pictures()), expected, atol=1e-6)
    assert encoder.facts().remark == "images are prepared by timm from config.json"


def test_nothing_is_assumed_where_no_file_lies_beside(tmp_path: Path) -> None:
    file = _network(tmp_path / "model.onnx")
    _write(tmp_path / "config.json", {"model_type": "vit"})  # says nothing of images
    words = "give `size`, `interpolation`, `std`, such as size=224,interpolation=bilinear,std="
    with pytest.raises(InputError, match=words) as caught:
        OnnxEncoder(file, resize="256", mean="0.5").encode(_pictures())
    assert "preprocessor_config.json" in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_and_a_field_are_two_sayings(tmp_path: Path) -> None:
    file = _network(tmp_path / "model.onnx")
    _write(tmp_path / "preprocessor_config.json", CLIP)
    with pytest.raises(InputError, match="says how images are prepared, and so does `mean`"):
        OnnxEncoder(file, mean="0.5").encode(_pictures())


def test_the_file_beside_is_part_of_the_identity(tmp_path: Path) -> None:
    file = _network(tmp_path / "model.onnx")
    identities = [OnnxEncoder(file).identity()]
    for edge in (32, 40):
        _write(tmp_path / "preprocessor_config.json", CLIP | {"size": {"shortest_edge": edge}})
        encoder = OnnxEncoder(file)
        identities.append(encoder.identity())
        assert tmp_path / "preprocessor_config.json" in encoder.weights_files()
    assert len({json.dumps(one, sort_keys=True) for one in identities}) == 3


def test_settings_that_cannot_be_followed_are_refused_in_one_line(tmp_path: Path) -> None:
    file = _network(tmp_path / "model.onnx", sides=(30, 30))
    settings = tmp_path / "preprocessor_config.json"
    own = {"AutoImageProcessor": "own.Processor"}
    untyped = {name: value for name, value in CLIP.items() if name != "image_processor_type"}
    for text, error, words in (
        ("[1]", InputError, "is no JSON object"),
        ("{", InputError, "is no JSON object"),
        (json.dumps(untyped), InputError, "must name an image processor"),
        (json.dumps({"image_processor_type": "Own"}), InputError, "must name an image processor"),
        (json.dumps({"auto_map": own}), InputError, "must name an image processor"),
        (json.dumps(CLIP), EncoderError, "takes 30x30 pixels and the preparation gives 24x24"),
    ):
        settings.write_text(text)
        with pytest.raises(error, match=words) as caught:
            OnnxEncoder(file).encode(_pictures())
        assert "\n" not in str(caught.value)


def test_a_missing_library_is_named_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedbench_onnx.processors.library_version", lambda library: None)
    _write(tmp_path / "preprocess_cfg.json", {"size": 32})
    with pytest.raises(WeightsError, match="run: pip install open-clip-torch"):
        OnnxEncoder(_network(tmp_path / "model.onnx")).encode(_pictures())


def test_images_of_several_sizes_need_a_batch_of_one(tmp_path: Path) -> None:
    file = _network(tmp_path / "model.onnx")
    _write(tmp_path / "preprocessor_config.json", CLIP | {"do_center_crop": False})
    with pytest.raises(EncoderError, match="several sizes .*give batch_size=1"):
        OnnxEncoder(file).encode(_pictures())
    encoder = OnnxEncoder(file, batch_size=1)
    assert encoder.encode(_pictures()).shape == (4, 16)
    assert encoder.facts().image_size is None


def test_a_network_of_float16_gets_float16(tmp_path: Path) -> None:
    file = _network(tmp_path / "model.onnx", "FLOAT16")
    _write(tmp_path / "preprocessor_config.json", CLIP)
    processor = transformers.CLIPImageProcessor.from_dict(dict(CLIP))
    pixels = [one.astype(np.float16) for one in _direct(processor, _pictures())]
    rows = OnnxEncoder(file).encode(_pictures())
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, _run(file, pixels).astype(np.float32), rtol=1e-3)


def _processors() -> list[str]:
    """The names of all image processors that AutoImageProcessor knows."""
    if not hasattr(transformers, "AutoImageProcessor"):
        return []
    from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING_NAMES

    several = [list(one.values() if isinstance(one, dict) else one)
               for one in IMAGE_PROCESSOR_MAPPING_NAMES.values()]  # fmt: skip
    names = {str(name).removesuffix("Fast").removesuffix("Pil") for one in several for name in one}
    return sorted(names - {"None", "TimmWrapperImageProcessor"})  # timm's own is read by timm


def _old_style(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings as feature extractors wrote them: whole numbers, another key of the type."""
    name = settings.pop("image_processor_type")
    old = settings | {"feature_extractor_type": name.replace("ImageProcessor", "FeatureExtractor")}
    for key in ("size", "crop_size"):
        sides = set(filter(None, (old.get(key) or {}).values()))
        if len(sides) == 1:
            old[key] = sides.pop()
    return old


def _pixels(processor: Any, picture: Image.Image) -> np.ndarray | None:
    """Return the one image that a processor makes of an image; None if it makes something else."""
    try:
        found = np.asarray(processor(images=picture, return_tensors="np")["pixel_values"])
    except Exception:
        return None
    single = found[0] if found.ndim == 4 and len(found) == 1 else found
    return single if single.ndim == 3 and len(single) == 3 else None


def _compare(name: str, old: bool, folder: Path) -> bool:
    """Compare with the processor itself; return whether it makes one image of an image."""
    processor = getattr(transformers, name)()
    processor.save_pretrained(folder)
    settings = json.loads((folder / "preprocessor_config.json").read_text())
    if old:
        settings = _old_style(settings)
        _write(folder / "preprocessor_config.json", settings)
    found = described(folder / "model.onnx")
    assert found is not None
    try:
        used, prepare = load_processor(found)
        pixels = prepare(_pictures()[0])
    except EmbedbenchError as error:
        assert "\n" not in str(error)
        pixels, used = None, name
    expected = _pixels(getattr(transformers, used).from_dict(dict(settings)), _pictures()[0])
    assert used.startswith(name) and (pixels is None) == (expected is None)
    if pixels is not None and expected is not None:
        np.testing.assert_array_equal(pixels, expected)
    return pixels is not None


@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
@pytest.mark.parametrize("name", ["BlipImageProcessor", "LevitImageProcessor", "DPTImageProcessor"])
def test_some_processors_of_transformers_give_their_own_pixels(
    name: str, old: bool, tmp_path: Path
) -> None:
    assert _compare(name, old, tmp_path)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # those of the processors
def test_every_processor_of_transformers_gives_its_own_pixels(tmp_path: Path) -> None:
    others = {f"{name}ImageProcessor" for names in NOT_ONE_IMAGE.values() for name in names.split()}
    names = _processors()
    assert len(names) > 50
    for name in names:
        (tmp_path / name).mkdir()
        assert _compare(name, False, tmp_path / name) == (name not in others), name
        _compare(name, True, tmp_path / name)
