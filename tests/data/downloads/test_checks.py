"""Promises of download checks: the requested image, complete, or a reason in plain words."""

import hashlib
import io

import pytest
from PIL import Image

from embedbench.data.dataset import Dataset
from embedbench.data.downloads.download import DownloadSettings, download_missing
from embedbench.data.images.sources import RemoteImage, read_source
from embedbench.io.paths import files_below
from tests.support.image_server import (
    Answer,
    ImageServer,
    jpeg,
    reason_for,
    reasons,
    remotes,
)


def test_a_file_with_another_md5_is_not_kept(
    server: ImageServer, fetching: DownloadSettings
) -> None:
    md5 = hashlib.md5(jpeg(1)).hexdigest()
    good = server.put("/good", jpeg(0))
    dataset = Dataset(
        ("a", "b"), (RemoteImage(server.put("/a", jpeg(2)), md5=md5), RemoteImage(good))
    )
    found, failures = download_missing(dataset, fetching)
    other = hashlib.md5(jpeg(2)).hexdigest()
    assert reasons(failures) == {"a": f"its MD5 is {other}; it should be {md5}"}
    assert len(found) == 1 and len(list(files_below(fetching.folder))) == 1


def test_an_etag_is_an_md5_only_from_s3(server: ImageServer, fetching: DownloadSettings) -> None:
    wrong = {"ETag": f'"{hashlib.md5(b"other").hexdigest()}"'}
    from_s3 = wrong | {"Server": "AmazonS3"}
    encrypted = from_s3 | {"x-amz-server-side-encryption": "aws:kms"}
    in_parts = from_s3 | {"ETag": '"d41d8cd98f00b204e9800998ecf8427e-2"'}
    for row, headers in enumerate([wrong, encrypted, in_parts]):
        url = server.put(f"/{row}", Answer(jpeg(row), headers=headers))
        assert len(download_missing(remotes(url), fetching)[0]) == 1
    assert "it should be" in reason_for(server, fetching, Answer(jpeg(1), headers=from_s3))
    right = {"ETag": f'"{hashlib.md5(jpeg(5)).hexdigest()}"', "Server": "AmazonS3"}
    again = [Answer(jpeg(1), headers=from_s3), Answer(jpeg(5), headers=right)]
    assert len(download_missing(remotes(server.put("/again", *again)), fetching)[0]) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_a_missing_file_is_requested_once(
    server: ImageServer, fetching: DownloadSettings, status: int
) -> None:
    reason = reason_for(server, fetching, Answer(b"gone", status))
    assert reason.startswith(f"{status} ") and server.asked["/bad.jpg"] == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_transient_error_is_retried(
    server: ImageServer, fetching: DownloadSettings, status: int
) -> None:
    url = server.put("/a", Answer(status=status), Answer(status=status), Answer(jpeg(1)))
    found, failures = download_missing(remotes(url), fetching)
    assert failures.empty and read_source(found.sources[0]) == jpeg(1)
    assert server.asked["/a"] == 3


def test_a_truncated_file_is_an_error_with_its_length(
    server: ImageServer, fetching: DownloadSettings
) -> None:
    cut = Answer(jpeg(1)[:300], length=5000)
    assert reason_for(server, fetching, cut) == "the file is cut off: 300 of 5000 bytes"
    assert server.asked["/bad.jpg"] == fetching.attempts
    url = server.put("/a", cut, Answer(jpeg(1)))
    assert len(download_missing(remotes(url), fetching)[0]) == 1


def test_a_truncated_file_is_detected_without_a_length(
    server: ImageServer, fetching: DownloadSettings
) -> None:
    content = jpeg(1, side=200)
    assert (
        len(download_missing(remotes(server.put("/a", Answer(content, length=None))), fetching)[0])
        == 1
    )
    reason = reason_for(server, fetching, Answer(content[: len(content) // 2], length=None))
    assert reason.startswith("broken image: image file is truncated")


@pytest.mark.parametrize(
    "page", [b"<!DOCTYPE html><p>gone", b"\xef\xbb\xbf\n <HTML>", b"Sign in, first"]
)
def test_a_web_page_is_not_an_image(
    server: ImageServer, fetching: DownloadSettings, page: bytes
) -> None:
    answer = Answer(page, headers={"Content-Type": "text/html; charset=utf-8"})
    assert reason_for(server, fetching, answer) == "a web page, not an image"
    assert server.asked["/bad.jpg"] == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "the file is empty"), (b"PK\x03\x04 no image", "not an image of a known format")],
)
def test_other_files_are_not_images(
    server: ImageServer, fetching: DownloadSettings, content: bytes, reason: str
) -> None:
    assert reason_for(server, fetching, content).startswith(reason)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_readable_format_is_downloaded(
    server: ImageServer, fetching: DownloadSettings, form: str
) -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, form)
    url = server.put("/a", Answer(file.getvalue(), headers={"Content-Type": "text/html"}))
    assert len(download_missing(remotes(url), fetching)[0]) == 1
