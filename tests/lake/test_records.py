"""Records survive as they are, and what was altered is never believed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.samples import NOW, TABLE, entry, release
from lakewright.errors import LakeError
from lakewright.lake import (
    CheckResult,
    ControlRecord,
    Field,
    Held,
    InputVersion,
    Release,
    decode_release,
    encode_release,
)
from lakewright.lake.records import CONTROL_KINDS, decode_control, encode_control, seal, unseal
from lakewright.names import TableName

words = st.text(max_size=12)
numbers = st.integers(0, 2**53)
parts = st.from_regex(r"[a-z_]{1,6}", fullmatch=True)
names = st.builds(TableName, parts, parts)
floats = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | floats | words
times = st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
checks = st.builds(
    CheckResult, words, words, words, st.sampled_from(["pass", "warn", "fail"]), numbers, numbers
)


@st.composite
def releases(draw: st.DrawFn) -> Release:
    entries = {
        name: entry(
            draw(numbers),
            name,
            schema=tuple(draw(st.lists(st.builds(Field, words, words, words), max_size=2))),
            inputs=draw(st.dictionaries(names, st.builds(InputVersion, words, numbers))),
            rows=draw(st.none() | numbers),
            bytes=draw(st.none() | numbers),
            checks=tuple(draw(st.lists(checks, max_size=2))),
            costs=draw(st.dictionaries(words, floats, max_size=2)),
            baselines=draw(st.dictionaries(words, scalars | st.lists(scalars), max_size=2)),
            clock=draw(st.dictionaries(words, words, max_size=1)),
            sql=draw(words),
            data_version=draw(st.integers(-1, 9)),
            base=draw(words),
        )
        for name in draw(st.lists(names, max_size=3, unique=True))
    }
    held = st.builds(Held, names, words, numbers, words, words, words)
    return Release(
        environment=draw(words),
        release=draw(numbers),
        parent=draw(numbers),
        created_at=draw(times),
        run_id=draw(words),
        kind=draw(st.sampled_from(["apply", "refresh", "rollback", "maintenance", "fork"])),
        reason=draw(words),
        engine=draw(words),
        packages=draw(st.dictionaries(words, words, max_size=2)),
        tables=entries,
        held=tuple(draw(st.lists(held, max_size=2))),
        by=draw(words),
    )


@given(releases())
def test_release_comes_back_as_it_was(given_release: Release) -> None:
    data = encode_release(given_release)
    back = decode_release(data, "r")
    assert back == given_release
    assert encode_release(back) == data


def test_equal_releases_have_equal_bytes_whatever_their_order() -> None:
    other = TableName("gold", "month")
    one = release(1, entry(), entry(table=other))
    two = release(1, entry(table=other), entry())
    assert encode_release(one) == encode_release(two)


def test_who_made_a_release_is_recorded_where_somebody_said() -> None:
    assert b'"by"' not in encode_release(release(1))
    assert b'"by":"ana@laptop"' in encode_release(replace(release(1), by="ana@laptop"))


def test_time_is_recorded_in_utc() -> None:
    east = NOW.astimezone(timezone(timedelta(hours=5)))
    shifted = Release(**{**_fields(release(1)), "created_at": east})
    assert encode_release(shifted) == encode_release(release(1))


def test_names_that_others_read() -> None:
    document = json.loads(encode_release(release(3, entry(7))))
    assert set(document) == {
        "format_version",
        "environment",
        "release",
        "parent",
        "created_at",
        "run_id",
        "kind",
        "reason",
        "engine",
        "packages",
        "tables",
        "held",
        "checksum",
    }
    table = document["tables"][str(TABLE)]
    assert {
        "location",
        "table_id",
        "version",
        "token",
        "code",
        "fingerprint",
        "own",
        "algorithm",
        "schema",
        "inputs",
        "rows",
        "bytes",
        "checks",
        "costs",
        "baselines",
        "borrows",
    } <= set(table)
    assert table["version"] == 7


def test_record_cut_at_any_byte_is_broken() -> None:
    data = encode_release(release(1, entry()))
    for length in range(len(data)):
        with pytest.raises(LakeError) as error:
            decode_release(data[:length], "r")
        assert error.value.code == "LW513"


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_record_with_another_byte_is_never_believed(at: int, byte: int) -> None:
    data = bytearray(encode_release(release(1, entry())))
    at %= len(data)
    if data[at] == byte:
        return
    data[at] = byte
    with pytest.raises(LakeError) as error:
        decode_release(bytes(data), "r")
    assert error.value.code in {"LW511", "LW513"}


def test_newer_format_is_told_apart_from_a_broken_record() -> None:
    data = seal({"format_version": 2, "anything": "else"})
    with pytest.raises(LakeError) as error:
        decode_release(data, "r")
    assert (error.value.code, error.value.exit_code) == ("LW511", 5)


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 64, b"[]", b"{}", b"null", b'{"format_version":"1"}']
)
def test_what_is_no_record_is_broken(data: bytes) -> None:
    with pytest.raises(LakeError) as error:
        unseal(data, "r")
    assert error.value.code == "LW513"


def test_record_without_a_field_is_broken() -> None:
    with pytest.raises(LakeError) as error:
        decode_release(seal({"format_version": 1, "environment": "prod"}), "r")
    assert error.value.code == "LW513"


@pytest.mark.parametrize("kind", CONTROL_KINDS)
def test_control_record_comes_back_as_it_was(kind: str) -> None:
    record = ControlRecord(kind, "why", "ana", NOW, (TABLE,), 4, NOW, 9, "audit")  # type: ignore[arg-type]
    assert decode_control(encode_control(record), "c") == record


def test_control_record_of_an_unknown_kind_is_broken() -> None:
    record = ControlRecord("dance", "", "ana", NOW)  # type: ignore[arg-type]
    with pytest.raises(LakeError) as error:
        decode_control(encode_control(record), "c")
    assert error.value.code == "LW513"


def _fields(value: Release) -> dict[str, object]:
    return {name: getattr(value, name) for name in value.__slots__}
