"""Answers of a server: whether what came is the image that was asked for, whole, or why not."""

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
"""The most seconds for which a host is left in peace when it asks for it."""


def error_from_status(response: BaseHTTPResponse) -> DownloadError:
    """Return what a status other than 200 means, in plain words."""
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "unknown"
    again = response.status >= 500 or response.status in (408, 425, 429)
    wait = _seconds(response.headers.get("Retry-After", "")) if again else 0.0
    return DownloadError(f"{response.status} {phrase}", again=again, wait=wait)


def verify_image(content: bytes, response: BaseHTTPResponse, md5: str | None) -> None:
    """Raise Failure unless it is the file that was meant, whole, and an image.

    Args:
        content: the body that came.
        response: the answer's head; of S3 its ETag tells the MD5, else its length that the body
            is whole; where neither is told, the image is decoded to see that.
        md5: the MD5 of the file, in hex, where it is known.
    """
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        raise DownloadError("a web page, not an image")
    found, stored = md5_of(content), _md5_of_s3(response)
    if md5 is not None and found != md5.lower():
        raise DownloadError(f"its MD5 is {found}; it should be {md5.lower()}")
    if md5 is None and stored is not None and found != stored:
        raise DownloadError(f"its MD5 is {found}; it should be {stored}", again=True)
    whole = md5 is not None or stored is not None or "Content-Length" in response.headers
    reason = _fault_of_image(content, whole)
    if reason and response.headers.get("Content-Type", "").startswith("text/html"):
        reason = "a web page, not an image"
    if reason:
        raise DownloadError(reason, again=not whole and reason.startswith("broken"))


def md5_of(content: bytes) -> str:
    """Return the MD5 of bytes, in hex."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _seconds(retry_after: str) -> float:
    """The seconds that a Retry-After asks for, as a number or a date; bounded."""
    if retry_after.strip().isdecimal():
        return min(float(retry_after), LONGEST_WAIT)
    try:
        then = email.utils.parsedate_to_datetime(retry_after).timestamp()
    except ValueError:
        return 0.0
    return min(max(then - time.time(), 0.0), LONGEST_WAIT)


def _fault_of_image(content: bytes, whole: bool) -> str | None:
    """Why it is no image; all of it is decoded only where nothing else tells that it is whole."""
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
    """The MD5 that S3 gives as the ETag of an object stored in one part, not encrypted by KMS.

    Elsewhere an ETag of 32 hex digits may be anything.
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
    found = re.fullmatch('"([0-9a-fA-F]{32})"', headers.get("ETag", ""))
    return found[1].lower() if found else None
