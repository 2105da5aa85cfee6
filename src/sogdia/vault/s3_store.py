"""A bucket of an S3-compatible server as a store.

    s3://bucket/prefix                    the server and region of AWS_ENDPOINT_URL and AWS_REGION
    https://server:port/bucket/prefix     a server by its address; http only within a house

Keys and secrets come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), never from the URL. A put of one
object is all or nothing by the protocol. The bucket must keep no old versions, or erasing would not erase.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from sogdia.vault.faults import StoreFailedError, StoreFullError
from sogdia.vault.stores import Kept

try:
    import obstore
    from obstore.exceptions import BaseError, NotFoundError
    from obstore.store import S3Store
except ImportError as missing:
    raise StoreFailedError("A vault on an S3 server needs the extra: pip install 'sogdia[s3]'.") from missing

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS_MAX = "20s"
RETRIES_MAX = 3
RETRY_SECONDS_MAX = 30
FULL_WORDS = ("507 Insufficient Storage", "<Code>InsufficientStorage<", "<Code>QuotaExceeded", "StorageFull<")

NO_BUCKET = "NoSuchBucket"
FAULTS = (BaseError, OSError)
"""What the library raises: errors of its own, and some of Python's, such as for a bucket that is not there."""


class S3Bucket:
    """A bucket, or a part of one."""

    def __init__(self, store: S3Store, place: str) -> None:
        """Keep everything in an opened bucket; `place` names it in messages."""
        self._store = store
        self.place = place

    @classmethod
    def at(cls, place: str) -> Self:
        """Open the bucket that a URL means."""
        url = urlsplit(place)
        if url.username or url.password:
            raise StoreFailedError("Keys don't belong in a URL. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
        if url.scheme == "s3":
            endpoint, bucket, prefix = os.environ.get("AWS_ENDPOINT_URL"), url.netloc, url.path.strip("/")
        else:
            endpoint = f"{url.scheme}://{url.netloc}"
            bucket, _, prefix = url.path.strip("/").partition("/")
        if not bucket:
            raise StoreFailedError(f"{place} names no bucket. Write s3://BUCKET or https://SERVER/BUCKET.")
        opened = S3Store(
            bucket,
            prefix=prefix or None,
            endpoint=endpoint,
            region=os.environ.get("AWS_REGION", "us-east-1"),
            client_options={"timeout": SECONDS_MAX, "allow_http": (endpoint or "").startswith("http://")},
            retry_config={"max_retries": RETRIES_MAX, "retry_timeout": timedelta(seconds=RETRY_SECONDS_MAX)},
        )
        return cls(opened, place)

    def put(self, key: str, data: bytes) -> None:
        """Keep bytes under a key."""
        try:
            obstore.put(self._store, key, data, use_multipart=False)
        except FAULTS as error:
            raise self._failed(error) from error

    def get(self, key: str) -> bytes | None:
        """Give what is kept under a key, or nothing."""
        try:
            return bytes(obstore.get(self._store, key).bytes())
        except (NotFoundError, FileNotFoundError) as error:
            if NO_BUCKET in str(error):
                raise self._failed(error) from error
            return None
        except FAULTS as error:
            raise self._failed(error) from error

    def delete(self, key: str) -> None:
        """Destroy what is kept under a key, if anything is."""
        try:
            obstore.delete(self._store, key)
        except (NotFoundError, FileNotFoundError):
            return
        except FAULTS as error:
            raise self._failed(error) from error

    def keys(self, family: str) -> Iterator[Kept]:
        """Walk over a family."""
        now = datetime.now(UTC)
        try:
            for page in obstore.list(self._store, prefix=family):
                for each in page:
                    age = (now - each["last_modified"]).total_seconds()
                    yield Kept(each["path"], age)
        except FAULTS as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> Exception:
        words = f"there is no such bucket ({NO_BUCKET})" if NO_BUCKET in str(error) else str(error).splitlines()[0]
        if any(word in str(error) for word in FULL_WORDS):
            return StoreFullError(f"The vault at {self.place} is full; nothing was kept. Make room and put it again.")
        return StoreFailedError(f"The vault at {self.place} cannot do it: {words}.")
