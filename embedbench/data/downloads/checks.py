"""Check a downloaded response: is it the complete image that was requested?"""

import contextlib
import email.utils
import hashlib
import re
import time
from http import HTTPStatus

from urllib3 import BaseHTTPResponse

from embedbench.data.images.decoding import open_rgb, upright_size
from embedbench.errors import ImageError
from embedbench.io.http import DownloadError

__all__ = ["LONGEST_WAIT", "error_from_status", "md5_of", "verify_image"]

LONGEST_WAIT = 30.0
"""Maximum wait, in seconds, that a host can ask for."""


def error_from_status(response: BaseHTTPResponse) -> DownloadError:
    """Return the error of a response whose status is not 200."""
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "unknown"
    again = response.status >= 500 or response.status in (408, 425, 429)
    wait = _seconds(response.headers.get("Retry-After", "")) if again else 0.0
    return DownloadError(f"{response.status} {phrase}", again=again, wait=wait)


def verify_image(content: bytes, response: BaseHTTPResponse, md5: str | None) -> None:
    """Raise DownloadError unless the content is the requested file, complete, and an image.

    Args:
        content: the body of the response.
        response: the response, whose S3 ETag or length shows whether the body is complete; without
            both, the image is decoded to check this.
        md5: MD5 of the file, in hex; None if unknown.
    """
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        raise DownloadError("a web page, not an image")
    actual, stored = md5_of(content), _md5_of_s3(response)
    if md5 is not None and actual != md5.lower():
        raise DownloadError(f"its MD5 is {actual}; it should be {md5.lower()}")
    if md5 is None and stored is not None and actual != stored:
        raise DownloadError(f"its MD5 is {actual}; it should be {stored}", again=True)
    whole = md5 is not None or stored is not None or "Content-Length" in response.headers
    reason = _image_problem(content, whole)
    if reason and response.headers.get("Content-Type", "").startswith("text/html"):
        reason = "a web page, not an image"
    if reason:
        raise DownloadError(reason, again=not whole and reason.startswith("broken"))


def md5_of(content: bytes) -> str:
    """Return the MD5 of bytes, in hex."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _seconds(retry_after: str) -> float:
    """Parse a Retry-After header, a number or a date, into seconds; limited to LONGEST_WAIT."""
    if retry_after.strip().isdecimal():
        return min(float(retry_after), LONGEST_WAIT)
    try:
        then = email.utils.parsedate_to_datetime(retry_after).timestamp()
    except ValueError:
        return 0.0
    return min(max(then - time.time(), 0.0), LONGEST_WAIT)


def _image_problem(content: bytes, whole: bool) -> str | None:
    """Return why the content is not an image; decode all of it only if it may be incomplete."""
    try:
        if whole:
            with contextlib.suppress(Exception):
                upright_size(content)
                return None
        open_rgb(content, draft=(32, 32))
    except ImageError as error:
        return str(error)
    return None


def _md5_of_s3(response: BaseHTTPResponse) -> str | None:
    """Return the MD5 in an S3 ETag, for objects stored in one part and not encrypted by KMS.

    On other servers an ETag of 32 hex digits may be anything.
    """
    headers = response.headers
    if "x-amz-request-id" not in headers and headers.get("Server") != "AmazonS3":
        return None
    if headers.get("x-amz-server-side-encryption", "AES256") != "AES256":
        return None
    if (
        "Content-Encoding" in headers
        or "x-amz-server-side-encryption-customer-algorithm" in headers
    ):
        return None
    match = re.fullmatch('"([0-9a-fA-F]{32})"', headers.get("ETag", ""))
    return match[1].lower() if match else None
