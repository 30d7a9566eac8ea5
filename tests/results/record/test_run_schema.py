"""Promises of the schema of `run.json`: it is valid, whole, strict, and checked in reading."""

import copy
from typing import Any

import jsonschema
import pytest

from embedbench.comparison.options import OPTIONS
from embedbench.results.record.run_schema import misfit_of_run, run_schema
from embedbench.results.results import Answer
from embedbench.results.schema import SCHEMA_VERSION, TABLES
from embedbench.results.tables.purposes import PURPOSES
from tests.support.example_results import example_results

RUN: dict[str, Any] = example_results().run | {
    "schema": SCHEMA_VERSION,
    "tables": sorted(TABLES),
    "has_vectors": False,
}


def objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every schema of an object with keys of its own."""
    inner = [schema["items"]] if "items" in schema else []
    inner += [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    inner += [more] if isinstance(more := schema.get("additionalProperties"), dict) else []
    own = [schema] if "properties" in schema else []
    return own + [one for part in inner for one in objects(part)]


def test_it_is_a_schema_of_its_draft_and_of_this_version() -> None:
    jsonschema.Draft202012Validator.check_schema(run_schema())
    assert run_schema()["properties"]["schema"] == {
        "description": "Version of the run folder.",
        "const": SCHEMA_VERSION,
    }
    assert run_schema()["$id"].endswith(f":{SCHEMA_VERSION}")


def test_every_key_is_described_and_no_other_may_be_there() -> None:
    found = objects(run_schema())
    assert len(found) == 9
    for one in found:
        assert one["additionalProperties"] is False
        assert all(key["description"] for key in one["properties"].values())
        assert set(one.get("required", ())) <= set(one["properties"])


def test_every_option_is_a_key_with_the_text_of_its_help() -> None:
    keys = run_schema()["properties"]
    for option in OPTIONS:
        if option.flags:
            assert keys[option.keyword]["description"] == option.help
            assert option.keyword in run_schema()["required"]


def test_its_words_are_those_of_the_program() -> None:
    verdict = run_schema()["$defs"]["verdict"]["properties"]
    assert verdict["purpose"]["enum"] == list(PURPOSES)
    words = str(Answer.__doc__)
    for key in ("answer", "basis"):
        assert all(f"`{word}`" in " ".join(words.split()) for word in verdict[key]["enum"])


def test_an_example_fits_and_an_unknown_or_a_lost_key_does_not() -> None:
    run = copy.deepcopy(RUN)
    validator = jsonschema.Draft202012Validator(run_schema())
    assert list(validator.iter_errors(run)) == []
    assert list(validator.iter_errors(run | {"mood": "good"}))
    run["dataset"] |= {"mood": "good"}
    assert list(validator.iter_errors(run))
    del run["dataset"]
    assert list(validator.iter_errors(run))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"seeds": "0, 1"}, "`seeds` must be of the kind array"),
        ({"seeds": [0, "1"]}, "`seeds[]` must be of the kind integer"),
        ({"seeds": [True]}, "`seeds[]` must be of the kind integer"),
        ({"limit": 1.5}, "`limit` must be of the kind integer or null"),
        ({"margin": "0.02"}, "`margin` must be of the kind number"),
        ({"offline": 1}, "`offline` must be of the kind boolean"),
        ({"dataset": {"images": 3}}, "it has no `dataset.classes`"),
        ({"weights": {"a": {"b": 3}}}, "`weights.a.b` must be of the kind string"),
        ({"verdict": None}, "`verdict` must be of the kind object"),
        ({"verdicts": {"search": {}}}, "it has no `verdicts.search.answer`"),
        (
            {"verdict": RUN["verdict"] | {"group": {}}},
            "`verdict.group` must be of the kind array",
        ),
        ({"later": 1}, None),
    ],
)
def test_what_is_read_and_does_not_fit_is_told(
    changes: dict[str, object], reason: str | None
) -> None:
    assert misfit_of_run(RUN | changes) == reason
    lost = {key: value for key, value in RUN.items() if key != "certainty"}
    assert misfit_of_run(lost) == "it has no `certainty`"
