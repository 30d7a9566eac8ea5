"""Promises of names of URLs: unique, short where they can be, and the same in any order."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from embedbench.data.tables.urls import names_of_urls


def test_urls_are_named_by_their_last_part_if_it_is_unique() -> None:
    urls = {
        "https://a.org/x/cat.jpg": "cat.jpg",
        "https://a.org/x/dog.jpg": "a.org/x/dog.jpg",
        "https://b.org/dog.jpg?s=1": "b.org/dog.jpg",
        "https://c.org/photo?id=1": "c.org/photo#1",
        "https://c.org/photo?id=2": "c.org/photo#2",
        "https://d.org/": "d.org",
        "file:///etc/passwd": "passwd",
    }
    assert names_of_urls(list(urls)) == list(urls.values())


PARTS = st.sampled_from(["a", "b", "a/b", "b.jpg", "a/b.jpg", "?x=1", "?x=2", "#1", "", "/", "//"])
URLS = st.lists(
    st.one_of(
        st.builds(
            "{}{}".format, st.sampled_from(["http://a/", "https://b/", "b", "", "ftp:"]), PARTS
        ),
        st.text(max_size=6),
        st.sampled_from(["http://[", "no-url", "a", "a/b#1"]),
    ),
    max_size=12,
)


@given(URLS, st.lists(PARTS, max_size=3), st.randoms())
def test_names_of_urls_are_unique_and_do_not_depend_on_their_order(
    urls: Sequence[str], taken: Sequence[str], random: object
) -> None:
    names = names_of_urls(urls, taken)
    assert len(set(names)) == len(urls) and not set(names) & set(taken) and "" not in names
    order = sorted(range(len(urls)), key=lambda row: random.random())  # type: ignore[attr-defined]
    again = names_of_urls([urls[row] for row in order], taken)
    pairs = sorted(zip(urls, names, strict=True))
    assert sorted(zip([urls[row] for row in order], again, strict=True)) == pairs
