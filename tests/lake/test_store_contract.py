"""What every object store promises: the fake, local disk, and object stores."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import Any

import obstore.store
import pytest

from lakewright.errors import LakeError
from lakewright.lake import AlreadyExistsError, LocalStore, NotFoundError, ObjectStore, open_store
from lakewright.lake.cloud import CloudStore
from lakewright.lake.stores import storage_error


def test_what_was_put_is_read_back(store: ObjectStore) -> None:
    store.put_new("a/b.json", b"one")
    assert store.get("a/b.json") == b"one"


def test_put_new_never_replaces_others_bytes(store: ObjectStore) -> None:
    store.put_new("a/b.json", b"one")
    with pytest.raises(AlreadyExistsError):
        store.put_new("a/b.json", b"two")
    assert store.get("a/b.json") == b"one"


def test_put_replaces(store: ObjectStore) -> None:
    store.put("a/b", b"one")
    store.put("a/b", b"two")
    assert store.get("a/b") == b"two"


def test_missing_object_is_not_found(store: ObjectStore) -> None:
    with pytest.raises(NotFoundError):
        store.get("a/b")


def test_folder_is_not_an_object(store: ObjectStore) -> None:
    store.put("a/b", b"one")
    with pytest.raises(NotFoundError):
        store.get("a")


def test_list_is_in_path_order_and_deep(store: ObjectStore) -> None:
    for path in ("p/b", "p/a/z", "p/a-", "p/c/d/e", "px/no", "q"):
        store.put(path, b"x")
    assert [item.path for item in store.list("p")] == ["p/a-", "p/a/z", "p/b", "p/c/d/e"]


def test_list_starts_behind_after(store: ObjectStore) -> None:
    for path in ("p/a/1", "p/a/2", "p/b/1", "p/c"):
        store.put(path, b"xy")
    assert [item.path for item in store.list("p", "p/a/1")] == ["p/a/2", "p/b/1", "p/c"]


def test_list_of_nothing_is_empty(store: ObjectStore) -> None:
    assert list(store.list("nowhere")) == []


def test_list_tells_size_and_time(store: ObjectStore) -> None:
    store.put("p/a", b"12345")
    (item,) = store.list("p")
    assert item.size == 5
    assert item.modified.tzinfo is not None


def test_delete_of_nothing_is_no_error(store: ObjectStore) -> None:
    store.put("p/a", b"x")
    store.delete("p/a")
    store.delete("p/a")
    assert list(store.list("p")) == []


@pytest.mark.parametrize("path", ["../x", "a/../b", "/etc/passwd", "", "a//b", "./a", "s3://b/a"])
def test_paths_stay_below_the_root(store: ObjectStore, path: str) -> None:
    with pytest.raises(LakeError) as error:
        store.put(path, b"x")
    assert error.value.code == "LW504"


def test_sync_of_nothing_is_no_error(store: ObjectStore) -> None:
    store.put("p/a", b"x")
    store.sync("p")
    store.sync("p/a")


def test_of_many_writers_of_one_name_one_wins(tmp_path: Path) -> None:
    store = LocalStore(str(tmp_path))
    won: list[int] = []

    def write(number: int) -> None:
        try:
            store.put_new("releases/1.json", b"%d" % number)
        except AlreadyExistsError:
            return
        won.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [b"%d" % number for number in won] == [store.get("releases/1.json")]


def test_no_temporary_file_stays_behind(tmp_path: Path) -> None:
    store = LocalStore(str(tmp_path))
    store.put_new("a", b"x")
    with pytest.raises(AlreadyExistsError):
        store.put_new("a", b"y")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_torn_temporary_file_of_a_dead_writer_is_not_listed(tmp_path: Path) -> None:
    store = LocalStore(str(tmp_path))
    store.put("p/a", b"x")
    (tmp_path / "p" / f".b.{'0' * 32}.tmp").write_bytes(b"half")
    assert [item.path for item in store.list("p")] == ["p/a"]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "LW502"),
        (errno.EDQUOT, "LW502"),
        (errno.EROFS, "LW503"),
        (errno.EACCES, "LW503"),
        (errno.EIO, "LW501"),
    ],
)
def test_errors_of_the_disk_are_coded(number: int, code: str) -> None:
    assert storage_error(OSError(number, os.strerror(number)), "a").code == code


def test_full_disk_leaves_the_old_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(str(tmp_path))
    store.put("a", b"old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LakeError) as error:
        store.put("a", b"new")
    assert error.value.code == "LW502"
    assert store.get("a") == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_file_in_the_way_of_a_folder_is_a_coded_error(tmp_path: Path) -> None:
    store = LocalStore(str(tmp_path))
    store.put("a", b"x")
    with pytest.raises(LakeError) as error:
        store.put("a/b", b"y")
    assert error.value.code == "LW501"


def test_unknown_scheme_is_refused() -> None:
    with pytest.raises(LakeError) as error:
        open_store("ftp://host/lake")
    assert error.value.code == "LW505"


def test_put_whose_answer_was_lost_counts_as_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    store = CloudStore(obstore.store.MemoryStore())
    real = obstore.put

    def loses_the_answer(backend: Any, path: str, data: bytes, **options: Any) -> None:
        real(backend, path, data, **options)
        raise OSError("connection reset")

    monkeypatch.setattr(obstore, "put", loses_the_answer)
    store.put_new("a", b"ours")
    assert store.get("a") == b"ours"


def test_put_that_did_not_arrive_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    store = CloudStore(obstore.store.MemoryStore())

    def fails(*args: Any, **options: Any) -> None:
        raise OSError("connection refused")

    monkeypatch.setattr(obstore, "put", fails)
    with pytest.raises(LakeError) as error:
        store.put_new("a", b"ours")
    assert error.value.code == "LW501"


def test_object_store_streams_in_blocks() -> None:
    store = CloudStore(obstore.store.MemoryStore())
    store.put("a", b"x" * 1000)
    assert b"".join(store.stream("a", 100)) == b"x" * 1000
