"""Promises of the tables of images: large ones are Parquet, and each names its image."""

from embedbench.results.tables.images import IMAGE_TABLES
from embedbench.results.tables.main import MAIN_TABLES


def test_tables_of_a_row_an_image_are_parquet_and_tables_for_people_csv() -> None:
    assert all(table.suffix == "parquet" for table in IMAGE_TABLES.values())
    assert all("image" in table.columns for table in IMAGE_TABLES.values())
    assert all(table.suffix == "csv" for table in MAIN_TABLES.values())
    assert not any("image" in table.columns for table in MAIN_TABLES.values())
