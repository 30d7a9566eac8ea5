"""Promises of the columns that tables share."""

from embedbench.results.schema import TABLES
from embedbench.results.tables.column import number
from embedbench.results.tables.table import RANK, SCORE, Table, interval_columns


def test_an_interval_has_two_columns_whose_meanings_name_the_number() -> None:
    columns = interval_columns("the gap {0}", "gap")
    assert list(columns) == ["gap_low", "gap_high"]
    assert columns["gap_low"].meaning.startswith("Lower end of the 95 % interval of the gap {0}")
    assert columns["gap_high"].meaning.startswith("Upper end of the 95 % interval of the gap {0}")


def test_an_interval_of_the_only_number_has_no_prefix() -> None:
    assert list(interval_columns("the number")) == ["low", "high"]
    assert list(SCORE) == ["value", "low", "high"]
    assert list(RANK) == ["rank", "rank_low", "rank_high"]


def test_a_table_is_a_file_that_is_always_there_unless_it_says_otherwise() -> None:
    table = Table("One row.", {"x": number("A number.")})
    assert (table.suffix, table.optional, table.is_open) == ("csv", False, False)
    assert not table.conditional


def test_both_ends_of_every_interval_stand_after_their_number() -> None:
    for name, table in TABLES.items():
        columns = list(table.columns)
        for low in [column for column in columns if column.endswith("low")]:
            of = low.removesuffix("low").removesuffix("_").removesuffix("_null") or "value"
            assert low.removesuffix("low") + "high" in columns, (name, low)
            assert columns.index(of) < columns.index(low), (name, low)
