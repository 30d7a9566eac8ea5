"""The `onnx` encoder against PyTorch, whose networks it runs, and against NumPy."""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.comparison.api import compare
from embedbench.conformance import CHECKS, Check
from embedbench.encoders.registry import create_encoder
from embedbench.errors import EncoderError, InputError, WeightsError
from embedbench_onnx import OnnxEncoder
from tests.support.libraries import library

onnx = library("onnx")
library("onnxruntime")
torch = library("torch")
timm = library("timm")

FLOAT, UINT8, INT64 = 1, 2, 7
"""Types as ONNX numbers them."""

SQUASH = {"resize": "squash", "interpolation": "bilinear"}
IMAGENET = SQUASH | {"mean": "0.485;0.456;0.406", "std": "0.229;0.224;0.225"}
PLAIN = SQUASH | {"mean": "0", "std": "1"}
"""Fields that say how images are prepared."""


def _encoder(file: Path, fields: Mapping[str, Any] = PLAIN, **others: Any) -> OnnxEncoder:
    return OnnxEncoder(file, **{**fields, **others})


def _pictures(count: int, size: tuple[int, int] = (64, 64)) -> list[Image.Image]:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 6, 5, 3), dtype=np.uint8)
    return [Image.fromarray(small).resize(size) for small in pixels]


def _normalised(pictures: list[Image.Image]) -> Any:
    """As torchvision's documentation normalises for ImageNet."""
    from torchvision import transforms

    steps = [
        transforms.ToTensor(),
        transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ]
    return torch.stack([transforms.Compose(steps)(one) for one in pictures])


def _exported(network: Any, file: Path, side: int = 64) -> None:
    with warnings.catch_warnings():
        # The newer exporter needs one more library, and gives the same graph.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # of sizes, which do not change
        torch.onnx.export(
            network,
            (torch.zeros(2, 3, side, side),),
            str(file),
            dynamo=False,
            input_names=["pixel_values"],
            output_names=["features"],
            dynamic_axes={"pixel_values": {0: "images"}, "features": {0: "images"}},
        )


def _graph(
    file: Path,
    nodes: list[tuple[str, list[str], list[str], dict[str, Any]]],
    inputs: list[tuple[str, int, list[Any]]],
    outputs: list[str],
    weights: dict[str, np.ndarray] | None = None,
    domain: str = "",
) -> Path:
    """Write a network by hand: nodes are operator, inputs, outputs, attributes."""
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(*node[:3], domain=domain, **node[3]) for node in nodes],
        "network",
        [onnx.helper.make_tensor_value_info(*one) for one in inputs],
        [onnx.helper.make_tensor_value_info(name, FLOAT, None) for name in outputs],
        [onnx.numpy_helper.from_array(value, name) for name, value in (weights or {}).items()],
    )
    opsets = [
        onnx.helper.make_opsetid("", 17),
        *([onnx.helper.make_opsetid(domain, 1)] * bool(domain)),
    ]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9), str(file))
    return file


def _mean_colours(file: Path, shape: list[Any] | None = None) -> Path:
    """A network that gives the mean of each colour, times 2, 3 and 5."""
    return _graph(
        file,
        [
            ("ReduceMean", ["image"], ["means"], {"axes": [2, 3], "keepdims": 0}),
            ("Mul", ["means", "factors"], ["row"], {}),
        ],
        [("image", FLOAT, shape or ["images", 3, 8, 8])],
        ["row"],
        {"factors": np.array([2, 3, 5], np.float32)},
    )


@pytest.fixture(scope="module")
def resnet(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A small network of timm with random weights, and its ONNX file."""
    file = tmp_path_factory.mktemp("onnx") / "resnet10t.onnx"
    torch.manual_seed(3)
    network = timm.create_model("resnet10t", num_classes=0).eval()
    _exported(network, file)
    return network, file


def test_rows_are_those_of_the_network_in_pytorch(resnet: tuple[Any, Path]) -> None:
    network, file = resnet
    pictures = _pictures(11)
    with torch.inference_mode():
        expected = network(_normalised(pictures)).numpy()
    encoder = _encoder(file, IMAGENET)
    rows = encoder.encode(pictures)
    assert rows.shape == (11, 512)
    np.testing.assert_allclose(rows, expected, atol=1e-4 * np.abs(expected).max())
    buffers = sum(one.numel() for one in network.buffers() if one.ndim)
    parameters = sum(one.numel() for one in network.parameters())
    # The exporter folds the normalisation into the convolutions, which leaves fewer numbers.
    assert 0.9 * parameters < (encoder.facts().parameters or 0) <= parameters + buffers
    assert encoder.facts().device == "cpu"


@pytest.mark.parametrize("pool", ["cls", "mean"])
def test_tokens_of_a_vit_are_pooled_as_timm_does(pool: str, tmp_path: Path) -> None:
    network = timm.create_model("vit_tiny_patch16_224", img_size=32, num_classes=0, depth=2)
    network.forward = network.forward_features
    _exported(network.eval(), tmp_path / "vit.onnx", side=32)
    pictures = _pictures(3, (32, 32))
    with torch.inference_mode():
        tokens = network.forward_features(_normalised(pictures)).numpy()
    expected = tokens[:, 0] if pool == "cls" else tokens.mean(axis=1)
    encoder = _encoder(tmp_path / "vit.onnx", IMAGENET, pool=pool)
    rows = encoder.encode(pictures)
    assert encoder.facts().pooling == pool
    np.testing.assert_allclose(rows, expected, atol=1e-4)
    with pytest.raises(InputError, match=r"'features' has shape \(8, 5, 192\).* pool=cls"):
        _encoder(tmp_path / "vit.onnx").encode(pictures)


@pytest.mark.parametrize("check", CHECKS)
def test_it_conforms(check: Check, resnet: tuple[Any, Path]) -> None:
    check(_encoder(resnet[1], IMAGENET))


@pytest.mark.parametrize("size", [(640, 427), (231, 500), (256, 256), (30, 40)])
def test_images_are_prepared_as_torchvision_does(size: tuple[int, int], tmp_path: Path) -> None:
    from torchvision import transforms

    file = _mean_colours(tmp_path / "a.onnx", ["images", 3, "height", "width"])
    picture = _pictures(1, size)[0]
    for resize, steps in {
        "256": [transforms.Resize(256), transforms.CenterCrop(224)],
        "squash": [transforms.Resize((224, 224))],
    }.items():
        expected = transforms.Compose([*steps, transforms.ToTensor()])(picture).numpy()
        found = _encoder(file, PLAIN, resize=resize, size="224").prepare(picture)
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_network_for_bytes_with_colours_last_and_four_images_at_once(tmp_path: Path) -> None:
    file = _graph(
        tmp_path / "a.onnx",
        [
            ("Cast", ["image"], ["numbers"], {"to": FLOAT}),
            ("ReduceMean", ["numbers"], ["row"], {"axes": [1, 2], "keepdims": 0}),
        ],
        [("image", UINT8, [4, 6, 8, 3])],
        ["row"],
    )
    pictures = _pictures(11, (8, 6))
    expected = [np.asarray(picture, np.float64).mean(axis=(0, 1)) for picture in pictures]
    np.testing.assert_allclose(_encoder(file, SQUASH).encode(pictures), expected, rtol=1e-5)
    with pytest.raises(InputError, match="takes bytes, which no `mean` changes"):
        _encoder(file).encode(pictures)


def test_of_several_outputs_the_likely_one_or_the_wanted_one_is_taken(tmp_path: Path) -> None:
    def outputs(names: list[str]) -> Path:
        nodes: list[tuple[str, list[str], list[str], dict[str, Any]]] = [
            (kind, ["image"], [name], {"axes": [2, 3], "keepdims": 0})
            for kind, name in zip(("ReduceMax", "ReduceMin"), names, strict=True)
        ]
        return _graph(tmp_path / "a.onnx", nodes, [("image", FLOAT, ["n", 3, 8, 8])], names)

    white = [Image.new("RGB", (8, 8), "white")]
    white[0].putpixel((0, 0), (0, 0, 0))
    file = outputs(["logits", "image_embeds"])
    assert _encoder(file).encode(white).max() == 0
    assert _encoder(file, output="logits").encode(white).min() == 1
    assert _encoder(file).facts().remark == "its output image_embeds is taken, not logits"
    with pytest.raises(EncoderError, match=r"no output 'x'; give output=NAME, one of 'logits' \("):
        _encoder(file, output="x").encode(white)
    with pytest.raises(EncoderError, match="has 2 outputs; give output=NAME, one of 'one'"):
        _encoder(outputs(["one", "two"])).encode(white)


def _with_weights_elsewhere(file: Path, place: str) -> Path:
    """A network whose weights lie in another file, which has 12 bytes: 2, 3, 5."""
    model = onnx.load(str(_mean_colours(file)))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in {"location": place, "offset": "0", "length": "12"}.items():
        tensor.external_data.add(key=key, value=value)
    file.write_bytes(model.SerializeToString())
    return file


def test_weights_beside_the_file_are_read_and_are_part_of_the_fingerprint(tmp_path: Path) -> None:
    file = _with_weights_elsewhere(tmp_path / "a.onnx", "weights.bin")
    white = [Image.new("RGB", (8, 8), "white")]
    prints = set()
    for numbers in ([2, 3, 5], [7, 11, 13]):
        (tmp_path / "weights.bin").write_bytes(np.array(numbers, np.float32).tobytes())
        encoder = _encoder(file)
        np.testing.assert_allclose(encoder.encode(white), [numbers])
        assert encoder.weights_files() == [file, tmp_path / "weights.bin"]
        prints.add(encoder.fingerprint())
    assert len(prints) == 2


@pytest.mark.parametrize("place", ["../secret", "sub/../../secret", "{folder}/secret", "link"])
def test_weights_outside_of_the_folder_are_not_read(place: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(np.array([2, 3, 5], np.float32).tobytes())
    home = tmp_path / "model"
    (home / "sub").mkdir(parents=True)
    (home / "link").symlink_to(tmp_path / "secret")
    file = _with_weights_elsewhere(home / "a.onnx", place.format(folder=tmp_path))
    with pytest.raises(WeightsError, match="outside of its folder; they are not read"):
        OnnxEncoder(file).facts()


def test_files_that_are_linked_from_a_cache_are_read_whole(tmp_path: Path) -> None:
    """As the Hugging Face hub's cache keeps them: links to files in one other folder."""
    (tmp_path / "blobs").mkdir()
    (tmp_path / "model").mkdir()
    _with_weights_elsewhere(tmp_path / "blobs" / "a.onnx", "weights.bin")
    (tmp_path / "blobs" / "b").write_bytes(np.array([2, 3, 5], np.float32).tobytes())
    (tmp_path / "model" / "a.onnx").symlink_to(tmp_path / "blobs" / "a.onnx")
    (tmp_path / "model" / "weights.bin").symlink_to(tmp_path / "blobs" / "b")
    files = OnnxEncoder(tmp_path / "model" / "a.onnx")._network.files
    assert [path.name for path in files] == ["a.onnx", "weights.bin"]


def test_custom_operators_are_refused_with_words(tmp_path: Path) -> None:
    file = _graph(
        tmp_path / "a.onnx",
        [("Steal", ["image"], ["row"], {})],
        [("image", FLOAT, ["images", 3, 8, 8])],
        ["row"],
        domain="evil",
    )
    with pytest.raises(WeightsError, match="Steal.*libraries of custom operators are not loaded"):
        OnnxEncoder(file).facts()


def test_a_file_that_is_absent_or_broken_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"\xff\xfebroken")
    (tmp_path / "empty.onnx").write_bytes(b"")
    for name, words in (
        ("absent.onnx", "there is no file"),
        ("broken.onnx", "is no ONNX file"),
        ("empty.onnx", "cannot load"),
    ):
        with pytest.raises(WeightsError, match=words):
            OnnxEncoder(tmp_path / name).facts()
    with pytest.raises(InputError, match="needs a value for 'model'"):
        create_encoder("onnx")


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"size": "10"}, InputError, "`size` must be 8x8, as .* has it; not '10'"),
        ({"size": "big"}, InputError, "`size` must be a number of pixels or HEIGHTxWIDTH"),
        ({"resize": "4"}, InputError, "`resize` must be squash or at least 8"),
        ({"interpolation": "box"}, InputError, "must be one of bilinear, bicubic"),
        ({"mean": "0.5;0.5"}, InputError, "`mean` must be like 0.485;0.456;0.406"),
        ({"std": "0"}, InputError, "`std` must be like"),
        ({"mean": "nan"}, InputError, "`mean` must be like"),
        ({"layout": "hwc"}, InputError, "`layout` must be nchw or nhwc; not 'hwc'"),
        ({"layout": "nhwc"}, EncoderError, "takes 8 colours as nhwc, not 3"),
        ({"pool": "max"}, InputError, "`pool` must be one of cls, mean, none; not 'max'"),
        ({"pool": "cls"}, InputError, r"shape \(8, 3\), which pool=cls cannot pool"),
    ],
)
def test_a_wrong_field_says_what_would_be_right(
    fields: dict[str, str], error: type[Exception], words: str, tmp_path: Path
) -> None:
    file = _mean_colours(tmp_path / "a.onnx")
    with pytest.raises(error, match=words):
        _encoder(file, PLAIN, **fields).encode(_pictures(1))


@pytest.fixture
def reader(tmp_path: Path) -> Path:
    """A text network: the mean of its tokens' vectors, those of padding among them."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    words = {"[PAD]": 0, "[UNK]": 1, "red": 2, "green": 3, "blue": 4}
    tokenizer = Tokenizer(WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_text(
        json.dumps({"pad_token": {"content": "[PAD]"}, "model_max_length": 3})
    )
    table = np.array([[0, 0, 0], [9, 9, 9], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    return _graph(
        tmp_path / "text.onnx",
        [
            ("Gather", ["table", "input_ids"], ["tokens"], {"axis": 0}),
            ("ReduceMean", ["tokens"], ["text_embeds"], {"axes": [1], "keepdims": 0}),
        ],
        [("input_ids", INT64, ["texts", "tokens"])],
        ["text_embeds"],
        {"table": table},
    )


def test_texts_go_through_the_tokenizer_and_the_text_network(reader: Path) -> None:
    encoder = _encoder(_mean_colours(reader.parent / "image.onnx"), text_model=str(reader))
    rows = encoder.encode_texts(["red", "red blue", "green green red blue"])  # cut after 3 tokens
    expected = [[1.0, 0, 0], [0.5, 0, 0.5], [1 / 3, 2 / 3, 0]]
    np.testing.assert_allclose(rows, expected, rtol=1e-6)
    filled = _encoder(encoder.model, text_model=str(reader), text_length=2)
    np.testing.assert_allclose(filled.encode_texts(["red"]), [[0.5, 0, 0]])
    names = [path.name for path in encoder.weights_files()]
    assert names == ["image.onnx", "text.onnx", "tokenizer.json", "tokenizer_config.json"]
    assert encoder.facts().parameters == 3 + 15


def test_without_a_text_network_it_reads_no_texts(tmp_path: Path) -> None:
    encoder = OnnxEncoder(_mean_colours(tmp_path / "a.onnx"))
    assert not encoder.reads_texts
    with pytest.raises(InputError, match="reads no texts; give text_model=FILE.onnx"):
        encoder.encode_texts(["red"])


@pytest.mark.usefixtures("one_core")
def test_names_are_refused_where_no_network_reads_them(tmp_path: Path, photographs: Path) -> None:
    file = _mean_colours(tmp_path / "a.onnx")
    with pytest.raises(InputError, match="names need an encoder that reads texts"):
        compare(photographs, [f"onnx:{file}"], names=["red"])


@pytest.mark.usefixtures("one_core")
def test_clusters_are_named_from_both_networks(reader: Path, photographs: Path) -> None:
    file = _mean_colours(reader.parent / "image.onnx")
    spec = f"onnx:{file},resize=squash,interpolation=bilinear,mean=0.3,std=1,text_model={reader}"
    words = ["red", "green", "blue"]
    results = compare(
        photographs, [spec], k="3", seeds=1, clusterers=["kmeans"], names=words, copies=0,
        projections=["pca"],
    )  # fmt: skip
    assert results.comparison["ami"].tolist() == [1]
    assert set(results.clusters["nearest_word"]) == set(words)


def test_the_network_takes_no_more_threads_than_the_process_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    session = OnnxEncoder(_mean_colours(tmp_path / "a.onnx"))._network.session
    options = session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 1)
