"""The forms of files that the `vectors` encoder reads."""

import base64
import io
import json
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embedbench.errors import InputError
from embedbench_vectors import VectorsEncoder

NAMES = ["cats/a.jpg", "cats/b.jpg", "dogs/a.jpg"]
VECTORS = np.array([[0.5, 1, 2], [3, 4, 5], [6, 7, -8]], np.float32)
BY_NAME = dict(zip(NAMES, VECTORS, strict=True))
LISTS = VECTORS.tolist()

Writer = Callable[[Path], Path]


def _frame(names: str, vectors: str) -> pd.DataFrame:
    return pd.DataFrame({names: NAMES, "label": ["x", "y", "z"], vectors: LISTS})


def _numbered(prefix: str, first: int = 0) -> pd.DataFrame:
    columns = {f"{prefix}{first + axis}": VECTORS[:, axis] for axis in range(3)}
    return pd.DataFrame({"filename": NAMES, "label": [1, 2, 3], **columns})


def _text(name: str, content: str) -> Writer:
    def write(folder: Path) -> Path:
        (folder / name).write_text(content, encoding="utf-8")
        return folder / name

    return write


def _array(beside: str, content: str) -> Writer:
    def write(folder: Path) -> Path:
        np.save(folder / "rows.npy", VECTORS.astype(np.float64))
        (folder / beside).write_text(content, encoding="utf-8")
        return folder / "rows.npy"

    return write


def _arrays(**arrays: Any) -> Writer:
    def write(folder: Path) -> Path:
        np.savez(folder / "rows.npz", **arrays)
        return folder / "rows.npz"

    return write


def _table(frame: pd.DataFrame) -> Writer:
    def write(folder: Path) -> Path:
        frame.to_parquet(folder / "rows.parquet")
        return folder / "rows.parquet"

    return write


def _safetensors(tensors: dict[str, np.ndarray], metadata: dict[str, str] | None = None) -> Writer:
    def write(folder: Path) -> Path:
        from safetensors.numpy import save_file

        save_file(tensors, folder / "rows.safetensors", metadata)
        return folder / "rows.safetensors"

    return write


def _torch(make: Callable[[Any], Any], names: str = "") -> Writer:
    def write(folder: Path) -> Path:
        torch = pytest.importorskip("torch")
        torch.save(make(torch.from_numpy(VECTORS)), folder / "rows.pt")
        if names:
            (folder / "rows.txt").write_text(names)
        return folder / "rows.pt"

    return write


def _hdf5(arrays: dict[str, Any]) -> Writer:
    def write(folder: Path) -> Path:
        h5py = pytest.importorskip("h5py")
        with h5py.File(folder / "rows.h5", "w") as file:
            for name, values in arrays.items():
                file[name] = values
        return folder / "rows.h5"

    return write


def _clip_retrieval(folder: Path) -> Path:
    for part, rows in enumerate((slice(0, 2), slice(2, 3))):
        (folder / "img_emb").mkdir(exist_ok=True)
        (folder / "metadata").mkdir(exist_ok=True)
        np.save(folder / f"img_emb/img_emb_{part}.npy", VECTORS[rows].astype(np.float16))
        table = pd.DataFrame({"image_path": [f"/data/{name}" for name in NAMES[rows]]})
        table.assign(caption="").to_parquet(folder / f"metadata/metadata_{part}.parquet")
    return folder


def _parts(folder: Path) -> Path:
    for part in range(3):
        _frame("path", "embedding")[part : part + 1].to_parquet(folder / f"{part}.parquet")
    return folder


def _fiftyone(folder: Path) -> Path:
    """As FiftyOne exports a data set: vectors as compressed arrays in base64."""

    def packed(vector: np.ndarray) -> dict[str, Any]:
        content = io.BytesIO()
        np.save(content, vector)
        text = base64.b64encode(zlib.compress(content.getvalue())).decode()
        return {"$binary": {"base64": text, "subType": "00"}}

    samples = [
        {"filepath": f"data/{name}", "tags": [], "embedding": packed(vector)}
        for name, vector in BY_NAME.items()
    ]
    (folder / "samples.json").write_text(json.dumps({"samples": samples}))
    return folder / "samples.json"


RECORDS = [{"file": name, "vector": row.tolist()} for name, row in BY_NAME.items()]
LINES = "\n".join(NAMES)
HEADLESS = "".join(f"{name},{row[0] + 0.25},{row[1]},{row[2]}\n" for name, row in BY_NAME.items())

FORMS: dict[str, Writer] = {
    "parquet": _table(_frame("image", "vector")),
    "parquet, other columns": _table(_frame("File Path", "Embedding")),
    "parquet, a column for each dimension": _table(_numbered("emb_")),
    "parquet, an index of names": _table(pd.DataFrame(VECTORS, NAMES).rename(columns=str)),
    "parquet, the only lists": _table(_frame("id", "clip_vit")),
    "csv, a column for each dimension": _text("rows.csv", _numbered("").to_csv(index=False)),
    "csv, counted from one": _text("rows.csv", _numbered("dim_", 1).to_csv(index=False)),
    "csv, lists": _text("rows.csv", _frame("path", "embedding").to_csv(index=False)),
    "csv, semicolons": _text("rows.csv", _numbered("f").to_csv(index=False, sep=";")),
    "csv, lists of NumPy": _text(
        "rows.csv", _frame("path", "emb").assign(emb=list(map(str, VECTORS))).to_csv(index=False)
    ),
    "tsv": _text("rows.tsv", _numbered("dim").to_csv(index=False, sep="\t")),
    "json, by name": _text("rows.json", json.dumps(dict(zip(NAMES, LISTS, strict=True)))),
    "json, records": _text("rows.json", json.dumps(RECORDS)),
    "json, columns": _text("rows.json", json.dumps({"paths": NAMES, "embeddings": LISTS})),
    "jsonl": _text("rows.jsonl", "\n".join(map(json.dumps, RECORDS))),
    "npy, txt": _array("rows.txt", LINES),
    "npy, paths.txt": _array("paths.txt", LINES),
    "npy, csv": _array("rows.csv", "path,label\n" + "".join(f"{name},1\n" for name in NAMES)),
    "npy, csv of one column": _array("rows.csv", LINES),
    "npy, json": _array("rows.json", json.dumps(NAMES)),
    "npz": _arrays(embeddings=VECTORS, filenames=np.array(NAMES)),
    "npz, X": _arrays(X=VECTORS, names=np.array(NAMES), y=np.arange(3)),
    "npz, by name": _arrays(**{name.replace("/", "|"): row for name, row in BY_NAME.items()}),
    "safetensors": _safetensors({"embeddings": VECTORS}, {"paths": json.dumps(NAMES)}),
    "safetensors, by name": _safetensors(BY_NAME),
    "pt, by name": _torch(lambda rows: dict(zip(NAMES, rows, strict=True))),
    "pt, names and features": _torch(lambda rows: {"paths": NAMES, "features": rows}),
    "pt, names beside": _torch(lambda rows: rows[:, :, None, None], LINES),
    "pt, bfloat16": _torch(lambda rows: {"paths": NAMES, "features": rows.bfloat16()}),
    "h5": _hdf5({"features": VECTORS, "filenames": NAMES}),
    "h5, by name": _hdf5(BY_NAME),
    "clip-retrieval": _clip_retrieval,
    "a folder of parts": _parts,
    "FiftyOne": _fiftyone,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_vectors_by_name(form: str, tmp_path: Path) -> None:
    encoder = VectorsEncoder(FORMS[form](tmp_path))
    names = NAMES[::-1]
    if form == "npz, by name":  # a name in a zip file has no slash
        names = [name.replace("/", "|") for name in names]
    rows = encoder.lookup(names)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, VECTORS[::-1])
    assert all(path.is_file() for path in encoder.weights_files())
    assert len(encoder.fingerprint()) == 16


def test_a_table_without_heads_is_read(tmp_path: Path) -> None:
    rows = VectorsEncoder(_text("rows.csv", HEADLESS)(tmp_path)).lookup(NAMES)
    np.testing.assert_array_equal(rows, VECTORS + np.array([0.25, 0, 0], np.float32))


def test_columns_and_files_of_names_can_be_chosen(tmp_path: Path) -> None:
    frame = _frame("photo", "clip").assign(dino=(VECTORS + 1).tolist(), other=NAMES[::-1])
    file = _table(frame)(tmp_path)
    rows = VectorsEncoder(file, column="dino", names="photo").lookup(NAMES)
    np.testing.assert_array_equal(rows, VECTORS + 1)
    with pytest.raises(InputError, match=r"no column of the images' names.*give names=COLUMN"):
        VectorsEncoder(file).lookup(NAMES)
    with pytest.raises(InputError, match=r"no column of vectors.*give column=COLUMN"):
        VectorsEncoder(file, names="photo").lookup(NAMES)
    with pytest.raises(InputError, match="has no `x`; column must be one of `photo`"):
        VectorsEncoder(file, names="photo", column="x").lookup(NAMES)
    np.save(tmp_path / "rows.npy", VECTORS)
    (tmp_path / "list").write_text(LINES)
    rows = VectorsEncoder(tmp_path / "rows.npy", names=str(tmp_path / "list")).lookup(NAMES)
    np.testing.assert_array_equal(rows, VECTORS)


def test_names_that_lie_nowhere_are_asked_for(tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", VECTORS)
    with pytest.raises(InputError, match=r"put them into '.*rows.txt', one a line"):
        VectorsEncoder(tmp_path / "rows.npy").lookup(NAMES)


def test_an_array_on_disk_is_not_read_whole(tmp_path: Path) -> None:
    encoder = VectorsEncoder(_array("rows.txt", LINES)(tmp_path))
    assert isinstance(encoder._vectors.vectors, np.memmap)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet", ".csv", ".json", ".jsonl",
                                    ".safetensors", ".pt", ".h5"])  # fmt: skip
def test_broken_files_are_one_line(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"rows{suffix}"
    for content in (b"", b"\x00\xff broken", b"{"):
        file.write_bytes(content)
        with pytest.raises(InputError, match=f"rows{suffix}") as caught:
            VectorsEncoder(file).lookup(NAMES)
        assert "\n" not in str(caught.value)


def test_a_folder_without_vectors_says_what_it_must_hold(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must hold .parquet files, or as many of img_emb"):
        VectorsEncoder(tmp_path).lookup(NAMES)


def test_a_library_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _text("rows.h5", "")(tmp_path)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(InputError, match="is read by h5py.*; run: pip install h5py"):
        VectorsEncoder(file).lookup(NAMES)
