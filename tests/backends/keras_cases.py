"""The cases of test_keras.py: the `keras` encoder against Keras itself, called directly."""

import codecs
import importlib.util
import json
import marshal
import pickle
import random
import re
import socket
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedbench.errors import InputError, WeightsError
from embedbench_keras import KerasEncoder
from tests.backends.attacks import Attack, assert_harmless
from tests.support.model_families import least_cosine, photographs, record_cosine

# Keras's own variables, when it writes them to a file.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def _pictures(count: int) -> list[Image.Image]:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 6, 5, 3), dtype=np.uint8)
    return [Image.fromarray(small).resize((300, 260)) for small in pixels]


def _pixels(pictures: list[Image.Image], size: int) -> np.ndarray:
    small = [picture.resize((size, size), Image.Resampling.BILINEAR) for picture in pictures]
    return np.stack([np.asarray(picture, np.float32) for picture in small])


def test_resnet50_is_as_keras_builds_it_with_that_seed() -> None:
    encoder = KerasEncoder("ResNet50", weights="none", seed=3)
    rows = encoder.encode(_pictures(8))

    import keras

    keras.utils.set_random_seed(3)
    network = keras.applications.ResNet50(weights=None, include_top=False, pooling="avg")
    # By hand: blue, green, red, less the mean of each over ImageNet.
    pixels = _pixels(_pictures(8), 224)[..., ::-1] - np.array([103.939, 116.779, 123.68])
    expected = network.predict_on_batch(pixels.astype(np.float32))
    assert rows.shape == (8, 2048)
    np.testing.assert_allclose(rows, expected, rtol=1e-5, atol=1e-5)
    assert encoder.facts().parameters == 23_587_712
    assert "torch" not in sys.modules


def test_mixed_precision_is_near_and_leaves_the_policy_alone() -> None:
    import keras

    exact = KerasEncoder("MobileNetV2", weights="none", precision="float32")
    mixed = KerasEncoder("MobileNetV2", weights="none", precision="mixed")
    rows, near = exact.encode(_pictures(8)), mixed.encode(_pictures(8))
    assert near.dtype == np.float32 and not np.array_equal(rows, near)
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(near, axis=1)
    assert ((rows * near).sum(axis=1) / lengths).min() > 0.999
    assert keras.config.dtype_policy().name == "float32"
    assert exact.fingerprint() != mixed.fingerprint()


def test_variants_begin_with_float32() -> None:
    variants = KerasEncoder("MobileNetV2").variants("cpu")
    pairs = [("float32", 8), ("mixed", 8), ("float32", 32), ("mixed", 32)]
    assert variants == tuple(
        KerasEncoder("MobileNetV2", precision=precision, batch_size=size)
        for precision, size in pairs
    )
    with pytest.raises(InputError, match="must be one of auto, float32, mixed; not 'half'"):
        KerasEncoder(precision="half").variants("cpu")


def test_a_row_depends_on_its_image_alone() -> None:
    encoder, pictures = KerasEncoder("MobileNetV2", weights="none"), _pictures(8)
    rows = encoder.encode(pictures)
    np.testing.assert_allclose(encoder.encode(pictures[::-1])[::-1], rows, atol=1e-5)
    np.testing.assert_allclose(encoder.encode(pictures[5:6]), rows[5:6], atol=1e-5)


def test_loading_leaves_the_random_states_alone() -> None:
    random.seed(1)
    np.random.seed(1)
    expected = random.random(), np.random.rand()
    random.seed(1)
    np.random.seed(1)
    # Not by `facts`: the type checker of these tests draws at random which items it looks at.
    network, *_ = KerasEncoder("MobileNetV2", weights="none")._loaded
    assert network.count_params() == 2_257_984  # of MobileNetV2 without its classifier
    assert (random.random(), np.random.rand()) == expected


@pytest.mark.parametrize(
    ("model", "size"), [("InceptionV3", 299), ("EfficientNetB1", 240), ("MobileNetV3Small", 224)]
)
def test_images_have_the_size_that_the_model_was_made_for(model: str, size: int) -> None:
    picture = _pictures(1)[0]
    assert KerasEncoder(model, weights="none").prepare(picture).shape == (size, size, 3)


@pytest.mark.weights
def test_real_weights_from_a_file(assets: Path) -> None:
    import keras

    folder = assets / "weights/keras_mobilenetv2_imagenet"
    file = folder / "keras_mobilenetv2_imagenet_notop.weights.h5"
    encoder = KerasEncoder("MobileNetV2", weights=str(file))
    network = keras.applications.MobileNetV2(
        weights=str(file), include_top=False, pooling="avg", input_shape=(224, 224, 3)
    )
    expected = network.predict_on_batch(_pixels(_pictures(8), 224) / 127.5 - 1)
    np.testing.assert_allclose(encoder.encode(_pictures(8)), expected, rtol=1e-5, atol=1e-5)
    assert encoder.weights_files() == [file]


@pytest.mark.weights
def test_a_file_of_another_model_is_refused(assets: Path) -> None:
    folder = assets / "weights/keras_mobilenetv2_imagenet"
    file = folder / "keras_mobilenetv2_imagenet_notop.weights.h5"
    with pytest.raises(WeightsError, match="into ResNet50 without its top"):
        KerasEncoder("ResNet50", weights=str(file)).facts()


def test_a_file_that_is_absent_or_broken_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="must be imagenet, none or a local file"):
        KerasEncoder("MobileNetV2", weights=str(tmp_path / "absent.h5")).facts()
    (tmp_path / "broken.weights.h5").write_text("no weights")
    with pytest.raises(WeightsError, match="cannot load .*broken.weights.h5' into MobileNetV2"):
        KerasEncoder("MobileNetV2", weights=str(tmp_path / "broken.weights.h5")).facts()


@pytest.mark.parametrize("name", ["a.keras", "a.h5"])
def test_a_file_that_would_run_code_is_refused_and_runs_none(tmp_path: Path, name: str) -> None:
    import h5py

    mark, file = tmp_path / "attacked", tmp_path / name
    code = compile(f"open({str(mark)!r}, 'w')", "attack", "exec")
    body = codecs.encode(marshal.dumps(code), "base64").decode()
    run = {"class_name": "__lambda__", "config": {"code": body, "defaults": None, "closure": None}}
    layer = {"module": "keras.layers", "class_name": "Lambda", "config": {"function": run}}
    model = {"class_name": "Sequential", "config": {"name": "a", "layers": [layer]}}
    weights = tmp_path / "model.weights.h5" if name.endswith("keras") else file
    with h5py.File(weights, "w") as opened:
        opened.attrs["model_config"] = json.dumps(model)
        opened.attrs["layer_names"] = np.array([b"a"])
        opened.create_group("a").attrs["weight_names"] = np.array([b"w"])
        opened["a/w"] = np.void(pickle.dumps(Attack(mark)))
    if weights != file:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("config.json", json.dumps(model | {"module": "keras"}))
            archive.writestr("metadata.json", json.dumps({"keras_version": "3.6.0"}))
            archive.write(weights, "model.weights.h5")
    encoder = KerasEncoder("MobileNetV2", weights=str(file))
    assert_harmless(encoder.facts, mark, WeightsError)


@pytest.mark.parametrize("name", ["a.pkl", "a.npz", "a.weights.json", "a.bin"])
def test_only_files_of_keras_own_forms_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(pickle.dumps(Attack(tmp_path / "attacked")))
    encoder = KerasEncoder("MobileNetV2", weights=str(tmp_path / name))
    with pytest.raises(InputError, match="`weights` must be one of .keras, .h5, .hdf5; not"):
        encoder.facts()
    assert not (tmp_path / "attacked").exists()


def test_a_model_that_keras_has_not_is_named_beside_those_it_has() -> None:
    with pytest.raises(InputError, match="unknown Keras model 'Resnet5O'; some are: ResNet50"):
        KerasEncoder("Resnet5O").facts()


def test_a_server_that_never_answers_is_soon_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{mute.getsockname()[1]}")
        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        encoder = KerasEncoder("MobileNetV2")
        encoder.prepare(_pictures(1)[0])  # the libraries' own loading aside
        start = time.monotonic()
        with pytest.raises(WeightsError, match="no answer from .*give the file: weights=FILE"):
            encoder.facts()
        assert time.monotonic() - start < 60


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    """A small network with a layer of features, tokens and classes, as training leaves it."""
    import keras

    layers = keras.layers
    image = keras.Input((32, 32, 3))
    maps = layers.Conv2D(4, 5, strides=4, activation="relu", name="maps")(image)
    tokens = layers.Reshape((-1, 4), name="tokens")(maps)
    features = layers.GlobalAveragePooling1D(name="features")(tokens)
    classes = layers.Dense(3, activation="softmax", name="classes")(features)
    keras.utils.set_random_seed(0)
    network = keras.Model(image, classes)
    network.compile("adam", "sparse_categorical_crossentropy")
    network.save(tmp_path / "mine.keras")
    return tmp_path / "mine.keras"


@pytest.mark.parametrize(
    ("layer", "pool", "pooled"),
    [
        ("", "mean", lambda rows: rows),
        ("features", "mean", lambda rows: rows),
        ("tokens", "max", lambda rows: rows.max(axis=1)),
        ("maps", "mean", lambda rows: rows.mean(axis=(1, 2))),
    ],
)
def test_any_layer_of_a_file_is_as_keras_computes_it(
    own_file: Path, layer: str, pool: str, pooled: object
) -> None:
    import keras

    network = keras.saving.load_model(own_file, compile=False)
    cut = keras.Model(network.inputs, network.get_layer(layer or "classes").output)
    expected = pooled(cut.predict_on_batch(_pixels(_pictures(8), 32) / 255))  # type: ignore[operator]
    encoder = KerasEncoder(str(own_file), layer=layer, pool=pool, preprocess="scale")
    np.testing.assert_allclose(encoder.encode(_pictures(8)), expected, rtol=1e-5, atol=1e-6)
    assert encoder.weights_files() == [own_file]
    assert encoder.facts().image_size == "32x32"


def test_the_numbers_of_a_file_are_those_of_preprocess_input(own_file: Path) -> None:
    import keras

    picture = _pictures(1)[0]
    pixels = _pixels([picture], 32)
    for mode in ("caffe", "tf", "torch"):
        prepared = KerasEncoder(str(own_file), preprocess=mode).prepare(picture)
        expected = keras.applications.imagenet_utils.preprocess_input(pixels.copy(), mode=mode)
        np.testing.assert_allclose(prepared, expected[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(
        KerasEncoder(str(own_file), preprocess="none").prepare(picture), pixels[0]
    )


def test_how_a_vector_comes_out_of_a_file_is_told(own_file: Path) -> None:
    facts = KerasEncoder(str(own_file), preprocess="scale").facts()
    assert facts.pooling == "layer classes" and facts.weights == "mine.keras"
    assert facts.remark == (
        "the vector is the output of the dense layer 'classes', which may be that of a classifier; "
        "layer=features takes the layer before"
    )
    facts = KerasEncoder(str(own_file), preprocess="scale", layer="maps").facts()
    assert facts.pooling == "mean of layer maps" and facts.remark is None


def test_numbers_that_are_scaled_twice_are_told(tmp_path: Path) -> None:
    import keras

    parts = [keras.Input((8, 8, 3)), keras.layers.Rescaling(1 / 255), keras.layers.Conv2D(2, 3)]
    keras.Sequential(parts).save(tmp_path / "own.keras")
    path = str(tmp_path / "own.keras")
    remark = KerasEncoder(path, preprocess="scale").facts().remark
    assert remark is not None and "scales images itself (layer 'rescaling" in remark
    assert KerasEncoder(path, preprocess="none").facts().remark is None


def test_a_layer_of_a_known_model_is_as_keras_computes_it() -> None:
    import keras

    keras.utils.set_random_seed(0)
    network = keras.applications.MobileNetV2(
        weights=None, include_top=False, input_shape=(224, 224, 3)
    )
    cut = keras.Model(network.inputs, network.get_layer("block_6_expand_relu").output)
    expected = cut.predict_on_batch(_pixels(_pictures(2), 224) / 127.5 - 1).mean(axis=(1, 2))
    encoder = KerasEncoder("MobileNetV2", weights="none", layer="block_6_expand_relu")
    np.testing.assert_allclose(encoder.encode(_pictures(2)), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "`preprocess` must be one of caffe, tf, torch, scale, none"),
        ({"preprocess": "half"}, "`preprocess` must be one of"),
        ({"preprocess": "scale", "layer": "nope"}, "has no layer 'nope'; its last ones: .*classes"),
        ({"preprocess": "scale", "pool": "cls"}, "`pool` must be one of mean, max; not 'cls'"),
        ({"preprocess": "scale", "size": 64}, "takes images of 32 x 32 pixels; not 64"),
        ({"preprocess": "scale", "weights": "none"}, "holds its own weights"),
    ],
)
def test_a_field_that_does_not_fit_a_file_is_refused(
    own_file: Path, fields: dict[str, object], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        KerasEncoder(str(own_file), **fields).facts()  # type: ignore[arg-type]


def test_a_file_for_any_size_needs_a_size(tmp_path: Path) -> None:
    import keras

    network = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(2, 3)])
    network.save(tmp_path / "any.keras")
    with pytest.raises(InputError, match="takes images of any size; give size=PIXELS"):
        KerasEncoder(str(tmp_path / "any.keras"), preprocess="tf").facts()
    encoder = KerasEncoder(str(tmp_path / "any.keras"), preprocess="tf", size=40)
    assert encoder.encode(_pictures(2)).shape == (2, 2)


@pytest.mark.parametrize(
    "node",
    [
        {"module": "keras.layers", "class_name": "Lambda", "config": {}},
        {"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "x"}},
        {"module": "os", "class_name": "system", "config": "touch attacked"},
        {"module": "builtins", "class_name": "function", "config": "eval"},
        {"module": "keras.utils", "class_name": "function", "config": "get_file"},
        {"module": "keras", "class_name": "__lambda__", "config": {"value": "4wEA"}},
        {"module": "mine", "class_name": "MyLayer", "config": {}},
        {"module": None, "class_name": "MyLayer", "registered_name": "Custom>MyLayer"},
    ],
)
def test_a_file_that_asks_for_other_code_is_refused_before_it_is_built(
    own_file: Path, tmp_path: Path, node: dict[str, object]
) -> None:
    evil = tmp_path / "evil.keras"
    with zipfile.ZipFile(own_file) as archive, zipfile.ZipFile(evil, "w") as copy:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "config.json":
                config = json.loads(content)
                config["config"]["layers"][1]["config"]["activation"] = node
                content = json.dumps(config).encode()
            copy.writestr(name, content)
    with pytest.raises(WeightsError, match=r"only Keras's own layers without code of"):
        KerasEncoder(str(evil), preprocess="scale").facts()


def test_what_is_no_keras_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.keras"
    with pytest.raises(WeightsError, match="there is no file"):
        KerasEncoder(str(path), preprocess="scale").facts()
    with pytest.raises(InputError, match="is not read, for it may hold code; save it again by"):
        KerasEncoder(str(tmp_path / "no.h5")).facts()
    path.write_text("no model")
    with pytest.raises(WeightsError, match="is no .keras file.*save the model again"):
        KerasEncoder(str(path), preprocess="scale").facts()


def _applications() -> list[str]:
    """Return the models of keras.applications, without importing TensorFlow for it."""
    spec = importlib.util.find_spec("keras")
    if spec is None or not spec.submodule_search_locations:
        return []
    folder = Path(spec.submodule_search_locations[0], "src", "applications")
    paths = [
        path
        for file in sorted(folder.glob("[a-z]*.py"))
        if not file.name.endswith("_test.py")
        for path in re.findall(r'"keras\.applications\.([A-Z]\w+)"', file.read_text())
    ]
    return sorted(set(paths))


@pytest.mark.models
def test_every_name_is_a_model_of_keras() -> None:
    import keras

    known = [name for name, item in vars(keras.applications).items() if name[0].isupper()]
    assert _applications() == sorted(known)


@pytest.mark.models
@pytest.mark.parametrize("model", _applications())
def test_every_model_is_as_keras_computes_it(model: str) -> None:
    import keras

    keras.backend.clear_session()
    build = getattr(keras.applications, model)
    encoder = KerasEncoder(model, weights="none", seed=3, batch_size=2)
    rows = encoder.encode(photographs(2))
    size = int(str(encoder.facts().image_size).partition("x")[0])
    keras.utils.set_random_seed(3)
    network = build(weights=None, include_top=False, pooling="avg", input_shape=(size, size, 3))
    preprocess = sys.modules[build.__module__].preprocess_input
    expected = network.predict_on_batch(preprocess(_pixels(photographs(2), size)))
    cosine = least_cosine(rows, expected)
    record_cosine("Keras", model, cosine)
    assert rows.shape == expected.shape and cosine > 0.999999
