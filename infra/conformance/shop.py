"""A small shop for the queries, in the manner of TPC-H at scale 0.01; always the same rows."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

_REGIONS = ("AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST")
_SEGMENTS = ("AUTOMOBILE", "BUILDING", "FURNITURE", "HOUSEHOLD", "MACHINERY")
_PRIORITIES = ("1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW")
_MODES = ("AIR", "FOB", "MAIL", "RAIL", "SHIP", "TRUCK")
_KINDS = ("BRASS", "COPPER", "NICKEL", "STEEL", "TIN")
_FIRST = date(1992, 1, 1)
_MONEY = pa.decimal128(12, 2)
CUSTOMERS, SUPPLIERS, PARTS, ORDERS = 1500, 100, 2000, 15000


def shop() -> Mapping[str, pa.Table]:
    """The eight tables."""
    random_ = random.Random(19920101)
    orders, lines = _orders(random_)
    tables = {
        "region": (_REGION, [(key, name) for key, name in enumerate(_REGIONS)]),
        "nation": (_NATION, [(key, f"NATION {key:02d}", key % 5) for key in range(25)]),
        "customer": (_CUSTOMER, [_customer(random_, key) for key in range(1, CUSTOMERS + 1)]),
        "supplier": (_SUPPLIER, [_supplier(random_, key) for key in range(1, SUPPLIERS + 1)]),
        "part": (_PART, [_part(random_, key) for key in range(1, PARTS + 1)]),
        "partsupp": (
            _PARTSUPP,
            [_offer(random_, part, nth) for part in range(1, PARTS + 1) for nth in range(4)],
        ),
        "orders": (_ORDERS, orders),
        "lineitem": (_LINEITEM, lines),
    }
    return {name: _table(schema, rows) for name, (schema, rows) in tables.items()}


_REGION = pa.schema([("r_regionkey", pa.int32()), ("r_name", pa.string())])
_NATION = pa.schema(
    [("n_nationkey", pa.int32()), ("n_name", pa.string()), ("n_regionkey", pa.int32())]
)
_CUSTOMER = pa.schema(
    [
        ("c_custkey", pa.int64()),
        ("c_name", pa.string()),
        ("c_nationkey", pa.int32()),
        ("c_acctbal", _MONEY),
        ("c_mktsegment", pa.string()),
        ("c_phone", pa.string()),
    ]
)
_SUPPLIER = pa.schema(
    [
        ("s_suppkey", pa.int64()),
        ("s_name", pa.string()),
        ("s_nationkey", pa.int32()),
        ("s_acctbal", _MONEY),
    ]
)
_PART = pa.schema(
    [
        ("p_partkey", pa.int64()),
        ("p_name", pa.string()),
        ("p_type", pa.string()),
        ("p_brand", pa.string()),
        ("p_size", pa.int32()),
        ("p_retailprice", _MONEY),
    ]
)
_PARTSUPP = pa.schema(
    [
        ("ps_partkey", pa.int64()),
        ("ps_suppkey", pa.int64()),
        ("ps_availqty", pa.int32()),
        ("ps_supplycost", _MONEY),
    ]
)
_ORDERS = pa.schema(
    [
        ("o_orderkey", pa.int64()),
        ("o_custkey", pa.int64()),
        ("o_orderstatus", pa.string()),
        ("o_orderdate", pa.date32()),
        ("o_orderpriority", pa.string()),
        ("o_comment", pa.string()),
    ]
)
_LINEITEM = pa.schema(
    [
        ("l_orderkey", pa.int64()),
        ("l_partkey", pa.int64()),
        ("l_suppkey", pa.int64()),
        ("l_linenumber", pa.int32()),
        ("l_quantity", pa.decimal128(12, 2)),
        ("l_extendedprice", _MONEY),
        ("l_discount", pa.decimal128(4, 2)),
        ("l_tax", pa.decimal128(4, 2)),
        ("l_returnflag", pa.string()),
        ("l_linestatus", pa.string()),
        ("l_shipdate", pa.date32()),
        ("l_commitdate", pa.date32()),
        ("l_receiptdate", pa.date32()),
        ("l_shipmode", pa.string()),
        ("l_weight", pa.float64()),
    ]
)


def _table(schema: pa.Schema, rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = [
        pa.array(values, field.type)
        for values, field in zip(zip(*rows, strict=True), schema, strict=True)
    ]
    return pa.table(columns, schema=schema)


def _money(random_: random.Random, low: int, high: int) -> Decimal:
    return Decimal(random_.randint(low, high)) / 100


def _customer(random_: random.Random, key: int) -> tuple[Any, ...]:
    nation = random_.randrange(25)
    segment = random_.choice(_SEGMENTS) if key % 97 else None
    phone = f"{nation + 10}-{random_.randint(100, 999)}-{random_.randint(1000, 9999)}"
    return key, f"Customer#{key:09d}", nation, _money(random_, -99999, 999999), segment, phone


def _supplier(random_: random.Random, key: int) -> tuple[Any, ...]:
    return key, f"Supplier#{key:09d}", random_.randrange(25), _money(random_, -99999, 999999)


def _part(random_: random.Random, key: int) -> tuple[Any, ...]:
    kind = f"{random_.choice(('SMALL', 'LARGE', 'PROMO'))} {random_.choice(_KINDS)}"
    brand = f"Brand#{random_.randint(1, 5)}{random_.randint(1, 5)}"
    size = random_.randint(1, 50)
    return key, f"part {key % 83} {kind.lower()}", kind, brand, size, _price(key)


def _price(part: int) -> Decimal:
    return Decimal(90000 + part % 200 * 100 + part // 10) / 100


def _offer(random_: random.Random, part: int, nth: int) -> tuple[Any, ...]:
    supplier = (part + nth * 25) % SUPPLIERS + 1
    return part, supplier, random_.randint(1, 9999), _money(random_, 100, 100000)


def _orders(random_: random.Random) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    orders, lines = [], []
    for key in range(1, ORDERS + 1):
        day = _FIRST + timedelta(days=random_.randrange(2400))
        customer = random_.randint(1, CUSTOMERS * 2 // 3)
        comment = None if key % 50 == 0 else random_.choice(("quick", "special requests", "late"))
        priority = random_.choice(_PRIORITIES)
        own = [_line(random_, key, number, day) for number in range(1, random_.randint(1, 7) + 1)]
        states = {line[9] for line in own}
        status = states.pop() if len(states) == 1 else "P"
        orders.append((key, customer, status, day, priority, comment))
        lines += own
    return orders, lines


def _line(random_: random.Random, order: int, number: int, day: date) -> tuple[Any, ...]:
    part = random_.randint(1, PARTS)
    supplier = (part + random_.randrange(4) * 25) % SUPPLIERS + 1
    quantity = random_.randint(1, 50)
    shipped = day + timedelta(days=random_.randint(1, 121))
    promised = day + timedelta(days=random_.randint(30, 90))
    received = shipped + timedelta(days=random_.randint(1, 30))
    old = received <= date(1995, 6, 17)
    return (
        order,
        part,
        supplier,
        number,
        Decimal(quantity),
        quantity * _price(part),
        _money(random_, 0, 10),
        _money(random_, 0, 8),
        random_.choice("RA") if old else "N",
        "F" if shipped <= date(1995, 6, 17) else "O",
        shipped,
        promised,
        received,
        random_.choice(_MODES),
        random_.random() * quantity,
    )
