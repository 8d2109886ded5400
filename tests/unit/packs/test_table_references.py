"""Table nodes beside SQLite, the csv module and NumPy."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import torch

from vortex_worker.packs.table import columns, convert, files, formula, groups, layout, rows
from vortex_worker.sdk import Context

Rows = list[tuple[Any, ...]]

GOODS = pa.table({
    "id": [5, 3, 1, 4, 2, 6],
    "kind": ["b", "a", "a", "c", None, "b"],
    "price": [2.5, 1.0, None, 7.25, 3.0, 2.5],
    "count": [1, 0, 4, 2, 9, 1],
})  # fmt: skip
KINDS = pa.table({"kind": ["a", "b", "d"], "name": ["apple", "bean", "date"]})


def of(table: pa.Table) -> Rows:
    return [tuple(row.values()) for row in table.to_pylist()]


@pytest.fixture
def sql() -> Any:
    """The same tables in SQLite; a call gives the rows of a query."""
    connection = sqlite3.connect(":memory:")
    for name, table in (("goods", GOODS), ("kinds", KINDS)):
        connection.execute(f"create table {name} ({', '.join(table.column_names)})")
        marks = ", ".join("?" * table.num_columns)
        connection.executemany(f"insert into {name} values ({marks})", of(table))
    yield lambda query: connection.execute(query).fetchall()
    connection.close()


@pytest.mark.parametrize(
    ("condition", "where"),
    [
        ("price > 2", "price > 2"),
        ("1 < price <= 3 and count != 9", "1 < price and price <= 3 and count != 9"),
        ("kind in ['a', 'c'] or price is None", "kind in ('a', 'c') or price is null"),
        ("kind not in ['a'] and kind is not None", "kind not in ('a') and kind is not null"),
        ("not (count == 1)", "not count = 1"),
        ("price * count + 1 >= id ** 2 / 2", "price * count + 1 >= id * id / 2.0"),
        ("abs(count - 3) < 2", "abs(count - 3) < 2"),
        ("contains(kind, 'b')", "kind like '%b%'"),
        ("column('id') - count == -1", "id - count = -1"),
        ("upper(kind) == 'A'", "upper(kind) = 'A'"),
        ("-count < -1", "-count < -1"),
        ("True", "true"),
        ("False", "false"),
    ],
)
def test_filter(sql: Any, condition: str, where: str) -> None:
    assert of(formula.filter_rows(GOODS, condition)) == sql(f"select * from goods where {where}")


@pytest.mark.parametrize(
    ("text", "select"),
    [
        ("price * count", "price * count"),
        ("kind + '!'", "kind || '!'"),
        ("coalesce(price, 0.0) + 1", "coalesce(price, 0.0) + 1"),
        ("count / 2", "count / 2.0"),
        ("max(count, id)", "max(count, id)"),
        ("length(kind)", "length(kind)"),
        ("count > 1", "count > 1"),
        ("7", "7"),
    ],
)
def test_compute(sql: Any, text: str, select: str) -> None:
    found = formula.compute(GOODS, "new", text)
    assert found.column_names == [*GOODS.column_names, "new"]
    assert found.column("new").to_pylist() == [value for (value,) in sql(f"select {select} from goods")]
    assert formula.compute(found, "new", "id").column("new").to_pylist() == GOODS.column("id").to_pylist()


@pytest.mark.parametrize("descending", [False, True])
def test_sort(sql: Any, descending: bool) -> None:
    order = "desc" if descending else "asc"
    expected = sql(f"select * from goods order by price {order} nulls last, id {order} nulls last")
    assert of(rows.sort(GOODS, ["price", "id"], descending)) == expected


@pytest.mark.parametrize(
    ("how", "clause"),
    [("inner", "join"), ("left", "left join"), ("right", "right join"), ("full", "full join")],
)
def test_join(sql: Any, how: str, clause: str) -> None:
    found = groups.join(GOODS, KINDS, ["kind"], how)
    expected = sql(
        f"select coalesce(g.kind, k.kind), id, price, count, name from goods g {clause} kinds k on g.kind = k.kind"
    )
    assert sorted(of(found.select(["kind", "id", "price", "count", "name"])), key=repr) == sorted(expected, key=repr)


@pytest.mark.parametrize(("how", "clause"), [("semi", "exists"), ("anti", "not exists")])
def test_join_that_only_asks(sql: Any, how: str, clause: str) -> None:
    found = groups.join(GOODS, KINDS, ["kind"], how).select(GOODS.column_names)
    query = f"select * from goods g where {clause} (select 1 from kinds k where k.kind = g.kind)"
    assert sorted(of(found), key=repr) == sorted(sql(query), key=repr)


def test_columns_of_one_name_are_told_apart() -> None:
    found = groups.join(GOODS, GOODS.select(["id", "price"]), ["id"])
    assert found.column_names == ["id", "kind", "price", "count", "price_right"]


def test_aggregate(sql: Any) -> None:
    found = groups.aggregate(
        GOODS, ["kind"], {"price": ["mean", "count"], "count": ["sum", "min", "max"], "id": "count_distinct"}
    )
    expected = sql(
        "select kind, avg(price), count(price), sum(count), min(count), max(count), count(distinct id)"
        " from goods group by kind order by kind nulls last"
    )
    assert of(found) == expected
    assert found.column_names[:3] == ["kind", "price_mean", "price_count"]


def test_aggregate_of_all_rows() -> None:
    prices = np.array([2.5, 1.0, 7.25, 3.0, 2.5])
    found = groups.aggregate(GOODS, [], {"price": ["sum", "stddev", "variance"]}).to_pylist()
    assert found == [pytest.approx({"price_sum": prices.sum(), "price_stddev": prices.std(),
                                    "price_variance": prices.var()})]  # fmt: skip


def test_value_counts(sql: Any) -> None:
    query = "select kind, count(*) c from goods group by kind order by c desc, kind nulls last"
    assert of(groups.value_counts(GOODS, "kind")) == sql(query)


def test_distinct(sql: Any) -> None:
    doubled = rows.concat([GOODS, GOODS])
    assert of(rows.distinct(doubled)) == of(GOODS)
    assert of(rows.distinct(GOODS, ["kind"])) == [row for row in of(GOODS) if row[0] in (5, 3, 4, 2)]


def test_describe() -> None:
    found = {row["column"]: row for row in groups.describe(GOODS).to_pylist()}
    assert set(found) == {"id", "price", "count"}
    for name, row in found.items():
        values = np.array([value for value in GOODS.column(name).to_pylist() if value is not None])
        expected = [len(values), 6 - len(values), values.mean(), values.std(ddof=1), values.min(),
                    *np.quantile(values, [0.25, 0.5, 0.75]), values.max()]  # fmt: skip
        assert list(row.values())[1:] == pytest.approx(expected)
    assert groups.describe(GOODS.slice(0, 0)).num_rows == 3


def test_columns() -> None:
    assert columns.info(GOODS) == (6, ["id", "kind", "price", "count"], {
        "id": "int64", "kind": "string", "price": "double", "count": "int64",
    })  # fmt: skip
    assert columns.select(GOODS, ["count", "id"]).column_names == ["count", "id"]
    assert columns.drop(GOODS, ["count", "id"]).column_names == ["kind", "price"]
    assert columns.rename(GOODS, {"id": "key"}).column_names == ["key", "kind", "price", "count"]
    assert columns.cast(GOODS, "id", "string").column("id").to_pylist() == ["5", "3", "1", "4", "2", "6"]
    assert columns.column_values(GOODS, "price") == [2.5, 1.0, None, 7.25, 3.0, 2.5]
    assert columns.add_index(GOODS).column("index").to_pylist() == list(range(6))
    assert columns.check(GOODS, {"price": "double", "id": ""}) is GOODS


def test_gaps() -> None:
    def price(**how: Any) -> list[Any]:
        return list(columns.fill_null(GOODS, "price", **how).column("price").to_pylist())

    values = [2.5, 1.0, np.nan, 7.25, 3.0, 2.5]
    assert price(value=0)[2] == 0
    assert price(method="mean")[2] == pytest.approx(np.nanmean(values))
    assert price(method="forward")[2] == 1.0
    assert price(method="backward")[2] == 7.25
    assert columns.drop_null(GOODS).column("id").to_pylist() == [5, 3, 4, 6]
    assert columns.drop_null(GOODS, ["kind"]).column("id").to_pylist() == [5, 3, 1, 4, 6]


def test_rows() -> None:
    assert of(rows.slice_(GOODS, 2, 3)) == of(GOODS)[2:5]
    assert of(rows.slice_(GOODS, 100, 3)) == []
    drawn = rows.sample(GOODS, 4, 7)
    assert drawn.num_rows == 4
    assert [row for row in of(GOODS) if row in of(drawn)] == of(drawn)
    assert of(rows.sample(GOODS, 4, 7)) == of(drawn) != of(rows.sample(GOODS, 4, 8))
    first, second = rows.split(GOODS, 0.5, 3)
    assert (first.num_rows, second.num_rows) == (3, 3)
    assert sorted(of(first) + of(second), key=repr) == sorted(of(GOODS), key=repr)
    loose = rows.concat([GOODS.select(["id"]), KINDS], strict=False)
    assert loose.column_names == ["id", "kind", "name"]
    assert loose.column("id").to_pylist() == [*GOODS.column("id").to_pylist(), None, None, None]


def test_layout_goes_there_and_back() -> None:
    wide = pa.table({"day": [1, 2], "x": [1.0, 2.0], "y": [3.0, None]})
    long = layout.unpivot(wide, ["x", "y"])
    assert of(long) == [(1, "x", 1.0), (2, "x", 2.0), (1, "y", 3.0), (2, "y", None)]
    assert layout.pivot(long, ["day"]).equals(wide)


def test_csv_is_what_the_csv_module_reads(tmp_path: Path, ctx: Context) -> None:
    path = files.write_csv(GOODS, ctx, separator=";")
    with path.open(newline="", encoding="utf-8") as file:
        found = list(csv.reader(file, delimiter=";"))
    assert found[0] == GOODS.column_names
    assert [row[0] for row in found[1:]] == ["5", "3", "1", "4", "2", "6"]
    again = files.read_csv(path, ";")
    assert again.column("price").to_pylist() == GOODS.column("price").to_pylist()
    bare = tmp_path / "bare.csv"
    bare.write_text('1,x\n2,"a,b"\n')
    assert of(files.read_csv(bare, header=False)) == [(1, "x"), (2, "a,b")]
    assert files.read_csv(path, ";", columns=["price", "id"]).column_names == ["price", "id"]


def test_other_files_hold_what_was_saved(tmp_path: Path, ctx: Context) -> None:
    parquet, arrow = files.write_parquet(GOODS, ctx), files.write_arrow(GOODS, ctx)
    assert pyarrow.parquet.read_table(parquet).equals(GOODS)
    assert files.read_parquet(parquet).equals(GOODS)
    assert files.read_parquet(parquet, ["kind"]).equals(GOODS.select(["kind"]))
    assert pa.ipc.open_file(arrow).read_all().equals(GOODS)
    assert files.read_arrow(arrow).equals(GOODS)
    lines = tmp_path / "rows.jsonl"
    lines.write_text("\n".join(json.dumps(row) for row in GOODS.to_pylist()))
    assert files.read_json(lines).equals(GOODS)


def test_conversions(ctx: Context) -> None:
    assert convert.from_json(GOODS.to_pylist()).equals(GOODS)
    assert convert.from_json(GOODS.to_pydict()).equals(GOODS)
    assert json.loads(json.dumps(convert.to_json(GOODS))) == GOODS.to_pylist()
    tensor = convert.to_tensor(GOODS, ctx, ["price", "count"])
    expected = np.array([[2.5, 1], [1, 0], [np.nan, 4], [7.25, 2], [3, 9], [2.5, 1]])
    np.testing.assert_array_equal(tensor.numpy(), expected)
    again = convert.from_tensor(torch.tensor([[1, 2], [3, 4]]), ["a", "b"])
    assert again.to_pydict() == {"a": [1, 3], "b": [2, 4]}
    assert convert.from_tensor(torch.tensor([0.5, 1.5])).to_pydict() == {"column_0": [0.5, 1.5]}
    text = convert.to_text(KINDS.append_column("odd", pa.array(["a|b", "c\nd", None])), 2)
    assert text.splitlines() == [
        "| kind | name | odd |", "| --- | --- | --- |", "| a | apple | a\\|b |", "| b | bean | c d |",
    ]  # fmt: skip


BAD: list[tuple[str, Any]] = [
    ("no column 'gone'", lambda: formula.filter_rows(GOODS, "gone > 1")),
    ("is no condition", lambda: formula.filter_rows(GOODS, "price")),
    ("not a formula", lambda: formula.filter_rows(GOODS, "price >")),
    ("cannot hold", lambda: formula.filter_rows(GOODS, "__import__('os').system('true')")),
    ("cannot hold", lambda: formula.filter_rows(GOODS, "price.real")),
    ("at most 512", lambda: formula.filter_rows(GOODS, "1+" * 300 + "1")),
    ("has no value", lambda: formula.compute(GOODS, "x", "kind * 2")),
    ("has no value", lambda: formula.compute(GOODS, "x", "count * 9000000000000000000")),
    ("has 2 values instead of 1", lambda: formula.compute(GOODS, "x", "abs(count, id)")),
    ("not numbers", lambda: groups.aggregate(GOODS, [], {"kind": "mean"})),
    ("'median' is not one of", lambda: groups.aggregate(GOODS, [], {"price": "median"})),
    ("is double and int64|is int64 and double", lambda: groups.join(
        GOODS, columns.cast(GOODS, "id", "float64"), ["id"])),
    ("keys names no column", lambda: groups.join(GOODS, KINDS)),
    ("does not become", lambda: columns.cast(GOODS, "kind", "float64")),
    ("holds double, not string", lambda: columns.check(GOODS, {"price": "string"})),
    ("a column twice", lambda: columns.select(GOODS, ["id", "id"])),
    ("a column twice", lambda: columns.rename(GOODS, {"id": "kind"})),
    ("cannot be filled", lambda: columns.fill_null(GOODS, "price", value="text")),
    ("table 1 has columns", lambda: rows.concat([GOODS, KINDS])),
    ("names nothing to sort by", lambda: rows.sort(GOODS)),
    ("occurs twice", lambda: layout.pivot(GOODS, [], "kind", "price")),
    ("is a list of objects", lambda: convert.from_json([1, 2])),
    ("no table", lambda: convert.from_json({"a": [1], "b": [1, 2]})),
    ("no table", lambda: convert.from_json([{"a": 1}, {"a": "x"}])),
    ("is no table", lambda: convert.from_tensor(torch.zeros(1, 2, 3))),
]  # fmt: skip


@pytest.mark.parametrize(("message", "call"), BAD, ids=[f"{i}-{message}" for i, (message, _) in enumerate(BAD)])
def test_what_is_wrong_is_said(message: str, call: Any) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("read", [files.read_csv, files.read_parquet, files.read_json, files.read_arrow])
def test_files_that_are_none_are_named(tmp_path: Path, read: Any) -> None:
    path = tmp_path / "broken"
    for data in (b"", b"\x00\xff" * 50, b"PAR1" + b"x" * 40 + b"PAR1", b"ARROW1\0\0" + b"\1" * 60):
        path.write_bytes(data)
        if read is files.read_csv and data and b"\xff" not in data:
            continue  # a column of a strange name
        with pytest.raises(ValueError, match=f"{path} (is no|holds no)"):
            read(path)


def test_a_line_that_lacks_a_field_is_named(tmp_path: Path) -> None:
    path = tmp_path / "short.csv"
    path.write_text("a,b\n1,2\n3\n")
    with pytest.raises(ValueError, match="Expected 2 columns, got 1: 3"):
        files.read_csv(path)


def test_a_cut_file_is_named(tmp_path: Path, ctx: Context) -> None:
    for written, read in ((files.write_parquet, files.read_parquet), (files.write_arrow, files.read_arrow)):
        data = written(GOODS, ctx, overwrite=True).read_bytes()
        path = tmp_path / "cut"
        path.write_bytes(data[: len(data) // 2])
        with pytest.raises(ValueError, match="cut is no"):
            read(path)


def test_tables_without_rows_go_through() -> None:
    empty = GOODS.slice(0, 0)
    assert formula.filter_rows(empty, "price > 1").num_rows == 0
    assert groups.aggregate(empty, ["kind"], {"price": "mean"}).num_rows == 0
    assert groups.join(empty, KINDS, ["kind"]).num_rows == 0
    assert rows.sort(empty, ["id"]).num_rows == 0
    assert rows.distinct(empty).num_rows == 0
    assert groups.value_counts(empty, "kind").num_rows == 0
    assert convert.to_json(empty) == []
    assert columns.fill_null(empty, "price", "mean").num_rows == 0
