"""Promises of paths: a bucket works like a local folder, and errors are one line."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import embedbench
from embedbench.data.dataset import Dataset
from embedbench.data.downloads.download import download_missing
from embedbench.data.images.sources import RemoteImage, read_source
from embedbench.data.loading import read_dataset
from embedbench.embedding.export import write_vectors
from embedbench.encoder import Encoder
from embedbench.errors import ImageError, InputError, StoreError
from embedbench.io.atomic import write_atomic
from embedbench.io.paths import AnyPath, files_below, parse_path
from embedbench.io.store import Store
from embedbench.io.table_store import TableStore
from embedbench.parallel.engine_options import EngineOptions
from tests.support.bucket import serve_bucket
from tests.support.image_server import ImageServer, jpeg, quick, remotes

KEYS = [f"{number:064x}" for number in range(40)]
ROWS = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)


@pytest.fixture(scope="module")
def query() -> Iterator[str]:
    """The query of addresses in the bucket."""
    with serve_bucket() as query:
        yield query


@pytest.fixture(params=["s3", "memory", "file"])
def root(request: pytest.FixtureRequest, query: str, tmp_path: Path) -> AnyPath:
    """A separate folder for each test."""
    name = f"{tmp_path.parent.name}-{tmp_path.name}"
    addresses = {
        "s3": f"s3://bucket/{name}{query}",
        "memory": f"memory://{name}/deep",
        "file": f"file://{tmp_path}",
    }
    return parse_path(addresses[request.param])


def truth(dataset: Dataset) -> list[str | None]:
    return [None if pd.isna(label) else label for label in dataset.table["truth"]]


def test_a_remote_folder_is_read_like_a_local_one(root: AnyPath, tmp_path: Path) -> None:
    names = ["b/2 ü#?.png", "a/x/1.jpg", "a/x/0.JPG", "3.png", ".c/1.png", "a/.2.png", "a/n.txt"]
    for name in names:
        write_atomic(root / "photos" / name, name.encode())
        write_atomic(tmp_path / "local" / name, name.encode())
    found, local = read_dataset(root / "photos"), read_dataset(tmp_path / "local")
    assert found.names == local.names == ("3.png", "a/x/0.JPG", "a/x/1.jpg", "b/2 ü#?.png")
    assert truth(found) == truth(local) == [None, "a/x", "a/x", "b"]
    assert [read_source(source).decode() for source in found.sources] == list(found.names)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_paths_in_a_remote_table_are_relative_to_the_table(root: AnyPath, suffix: str) -> None:
    write_atomic(root / "images" / "a.png", b"a")
    table = pd.DataFrame({"path": ["images/b.png", "images/a.png"], "label": ["x", None]})
    content = table.to_csv(index=False).encode() if suffix == ".csv" else table.to_parquet()
    write_atomic(root / f"table{suffix}", content)
    dataset = read_dataset(root / f"table{suffix}")
    assert dataset.names == ("images/a.png", "images/b.png") and truth(dataset) == [None, "x"]
    assert read_source(dataset.sources[0]) == b"a"
    with pytest.raises(ImageError, match="cannot be read"):
        read_source(dataset.sources[1])


def test_a_local_table_may_contain_addresses(tmp_path: Path) -> None:
    write_atomic(parse_path("memory://bucket/x/1.png"), b"1")
    write_atomic(tmp_path / "2 3.png", b"2")
    rows = [
        "memory://bucket/x/1.png",
        (tmp_path / "2 3.png").as_uri(),
        "2 3.png",
        "https://x.org/4.png",
        "nothing://5.png",
    ]
    pd.DataFrame({"path": rows}).to_csv(tmp_path / "t.csv", index=False)
    dataset = read_dataset(tmp_path / "t.csv")
    found = dict(zip(dataset.names, dataset.sources, strict=True))
    assert found.pop("4.png") == RemoteImage("https://x.org/4.png")
    with pytest.raises(ImageError, match="nothing"):
        read_source(found.pop("nothing://5.png"))
    assert {name: read_source(source) for name, source in found.items()} == {
        rows[0]: b"1", rows[1]: b"2", rows[2]: b"2",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "s3://bucket/1.png?endpoint_override=127.0.0.1:80",
        "s3://bucket/1.png?scheme=http",
        "s3://bucket/1.png?region=evil.example/",
        "s3://bucket/1.png?region=eu-west-1&endpoint_override=127.0.0.1",
        "zip://1.png::ftp://127.0.0.1/a.zip",
        "s3://key:word@bucket/1.png",
    ],
)
def test_a_table_cannot_choose_the_host_of_a_request(tmp_path: Path, name: str) -> None:
    pd.DataFrame({"path": [name]}).to_csv(tmp_path / "t.csv", index=False)
    [source] = read_dataset(tmp_path / "t.csv").sources
    with pytest.raises(ImageError, match="says how to connect|must not hold a secret"):
        read_source(source)


def test_a_remote_table_may_name_its_own_bucket_but_no_local_file(query: str) -> None:
    own = f"s3://bucket/own/1.png{query}"
    write_atomic(parse_path(own), b"1")
    local = ["/etc/hostname", "file:///etc/hostname", "local:///etc/hostname"]
    content = pd.DataFrame({"path": [own, *local]}).to_csv(index=False).encode()
    write_atomic(parse_path(f"s3://bucket/own/t.csv{query}"), content)
    dataset = read_dataset(f"s3://bucket/own/t.csv{query}")
    found = dict(zip(dataset.names, dataset.sources, strict=True))
    assert read_source(found[own]) == b"1"
    for name in local:
        with pytest.raises(ImageError, match="a path on this machine, in a table that is not"):
            read_source(found[name])


def test_a_table_may_give_the_region_of_a_bucket(tmp_path: Path) -> None:
    name = "s3://bucket/1.png?region=eu-west-1"
    pd.DataFrame({"path": [name]}).to_csv(tmp_path / "t.csv", index=False)
    assert read_dataset(tmp_path / "t.csv").sources == (parse_path(name),)


def test_a_remote_store_works_like_a_local_one(root: AnyPath) -> None:
    store = Store(root / "store")
    assert store.read("f", KEYS) == {} and store.get_record("encoders", "a") is None
    assert store.other_versions_note() is None
    write_atomic(root / "store" / "v9" / "of another version", b"")
    assert "v9" in (store.other_versions_note() or "")
    for start in range(0, 40, 2):
        store.write("f", KEYS[start : start + 2], ROWS[start : start + 2])
    assert store.stored("f", [*KEYS[:3], "ff" * 32]) == set(KEYS[:3])
    assert store.other_versions_note() is None
    for _ in range(2):
        found = store.read("f", [*KEYS[::-1], "ff" * 32])
        assert set(found) == set(KEYS)
        assert all(np.array_equal(found[key], row) for key, row in zip(KEYS, ROWS, strict=True))
        store.compact("f")
    assert TableStore(store, "images").read(KEYS) is None
    TableStore(store, "images").add(pd.DataFrame({"hash": KEYS[:3], "width": [1, 2, 3]}))
    table = TableStore(store, "images").read(KEYS[1:4])
    assert table is not None and table["width"].to_dict() == {KEYS[1]: 2, KEYS[2]: 3}
    store.put_record("encoders", "a", {"dim": 1})
    assert store.get_record("encoders", "a") == {"dim": 1}


def test_downloads_are_kept_in_the_store(
    root: AnyPath, server: ImageServer, tmp_path: Path
) -> None:
    dataset = remotes(server.put("/1.jpg", jpeg(1)))
    fetching = quick(root / "downloads")
    for _ in range(2):
        found, failures = download_missing(dataset, fetching)
        assert read_source(found.sources[0]) == jpeg(1) and failures.empty
    assert server.asked["/1.jpg"] == 1


def test_vectors_are_the_same_from_a_bucket_and_a_folder(
    query: str, photographs: Path, tmp_path: Path, colour_encoder: Callable[..., Encoder]
) -> None:
    for file in photographs.rglob("*.png"):
        name = file.relative_to(photographs).as_posix()
        write_atomic(parse_path(f"s3://bucket/photographs/{name}{query}"), file.read_bytes())
    found: list[pd.DataFrame] = []
    for source, store in [
        (str(photographs), str(tmp_path / "local")),
        (f"s3://bucket/photographs{query}", f"s3://bucket/store{query}"),
    ]:
        out = tmp_path / f"{len(found)}.parquet"
        written = write_vectors(source, colour_encoder(), out, engine=EngineOptions(store=store))
        assert written == (36, {})
        found.append(pd.read_parquet(out))
    pd.testing.assert_frame_equal(found[0], found[1])
    fresh = set(files_below(parse_path(store)))
    assert write_vectors(
        f"s3://bucket/photographs{query}", colour_encoder(), out, engine=EngineOptions(store=store)
    )
    assert set(files_below(parse_path(store))) == fresh


def unanswering() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (
            "s3://nowhere/photos{query}",
            "cannot read 's3://nowhere/photos': there is no such bucket",
        ),
        ("s3://bucket/nothing{query}", "there is no folder or table 's3://bucket/nothing'"),
        ("s3://bucket/no.csv{query}", "there is no file 's3://bucket/no.csv'"),
        ("nothing://photos", "Protocol not known: nothing"),
        ("s3://key:word@bucket/photos", "must not hold a secret"),
        ("abfs://c@a/photos?client_secret=word", "must not hold a secret"),
        ("hdfs://nowhere/photos", "cannot read 'hdfs://nowhere/photos': "),
    ],
)
def test_an_unusable_address_is_an_error_of_one_line(query: str, address: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_dataset(address.format(query=query))
    text = str(caught.value)
    assert words in text and "\n" not in text and len(text) < 300 and ":word" not in text


def test_a_silent_server_is_given_up_and_fails_faster_the_next_time(query: str) -> None:
    query = f"?endpoint_override=http%3A%2F%2F127.0.0.1%3A{unanswering()}"
    sources = [parse_path(f"s3://b/{name}.png{query}") for name in range(8)]

    def reason(source: AnyPath) -> str:
        with pytest.raises(ImageError) as caught:
            read_source(source)
        return str(caught.value)

    start = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        reasons = set(threads.map(reason, sources))
    first = time.monotonic() - start
    assert first < 60 and reasons == {"cannot be read: its server does not answer"}
    start = time.monotonic()
    with pytest.raises(StoreError, match="cannot read the store 's3://b': its server does not"):
        Store(parse_path(f"s3://b{query}")).stored("f", KEYS)
    assert time.monotonic() - start < first / 2  # it is remembered


def test_a_store_in_a_missing_bucket_is_an_error(query: str) -> None:
    with pytest.raises(StoreError, match="cannot write to the store 's3://no': there is no such"):
        Store(parse_path(f"s3://no{query}")).write("f", KEYS, ROWS)


def test_offline_remote_paths_are_refused(tmp_path: Path, photographs: Path) -> None:
    for source, store in [("s3://bucket/photos", None), (str(photographs), "s3://bucket/store")]:
        with pytest.raises(InputError, match="is not on this machine, and offline"):
            embedbench.compare(source, ["pixels"], store=store, offline=True)
    dataset = Dataset(("1", "2"), (parse_path("s3://bucket/1.png"), b"2"))
    found, failures = download_missing(dataset, replace(quick(tmp_path), offline=True))
    assert found.names == ("2",) and failures["error"].tolist() == ["at an address, and offline"]
