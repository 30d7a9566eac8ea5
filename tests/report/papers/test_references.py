"""Promises of the references: one for each metric that has a source, and it is that source."""

import re
import unicodedata

import pytest

from embedbench.metrics.clustering.catalogue import METRICS
from embedbench.metrics.embedding.catalogue import ENCODER_METRICS
from embedbench.report.papers.references import (
    METRIC_REFERENCES,
    bibliography,
    cite,
    cited,
    references,
)

SOURCES = {metric.name: metric.source for metric in (*METRICS, *ENCODER_METRICS)}


def plain(text: str) -> str:
    """Return a text without the accents of LaTeX or Unicode."""
    bare = re.sub(r"\\.|[{}]", "", text)
    return unicodedata.normalize("NFD", bare).encode("ascii", "ignore").decode()


def surname(entry: str) -> str:
    """Return the surname of the first author."""
    found = re.search(r"author = \{(.*?),", entry)
    assert found is not None
    return plain(found[1])


def test_every_reference_has_what_its_kind_needs_and_the_key_of_its_author_and_year() -> None:
    needed = {"article": {"journal", "volume", "pages"}, "inproceedings": {"booktitle"}}
    needed |= {"book": {"publisher"}, "misc": {"note"}}
    assert list(references()) == sorted(references())
    for key, entry in references().items():
        kind = entry[1 : entry.index("{")]
        fields = dict(re.findall(r"^  (\w+) = \{(.*)\},$", entry, re.MULTILINE))
        assert {"author", "title", "year"} | needed[kind] <= set(fields), key
        assert key == re.sub("[^a-z]", "", surname(entry).lower()) + fields["year"]
        assert entry.count("{") == entry.count("}"), key


@pytest.mark.parametrize("name", METRIC_REFERENCES)
def test_the_reference_of_a_metric_is_the_source_in_the_catalogue(name: str) -> None:
    named = re.findall(r"([A-Z][\w-]+)[^;]*? ((?:19|20)\d\d)(?!\.)\b", plain(SOURCES[name]))
    entries = [references()[key] for key in METRIC_REFERENCES[name]]
    found = {(surname(entry), re.findall(r"year = \{(\d+)", entry)[0]) for entry in entries}
    if named and "arXiv" not in SOURCES[name]:
        names = {author for author, _ in found}
        assert any(author.split()[-1] in plain(SOURCES[name]) for author in names)
        assert {year for _, year in named} >= {year for _, year in found}
    for number in re.findall(r"arXiv (\d{4}\.\d{5})", SOURCES[name]):
        assert any(f"arXiv:{number}" in entry for entry in entries)


def test_every_metric_with_a_year_in_its_source_has_a_reference() -> None:
    with_year = {name for name, text in SOURCES.items() if re.search(r"(19|20)\d\d", text)}
    assert {name for name in with_year if not name.endswith("_clustered")} <= set(METRIC_REFERENCES)


def test_what_is_cited_is_what_the_bibliography_holds() -> None:
    text = f"K-means{cite('arthur2007')} and HDBSCAN{cite('mcinnes2017', 'campello2013')}"
    assert cited(text) == ["arthur2007", "campello2013", "mcinnes2017"]
    assert re.findall(r"^@\w+\{(\w+),", bibliography(cited(text)), re.M) == cited(text)
    with pytest.raises(KeyError):
        cite("nobody2000")
