"""Promises of the folder for the Hub: huggingface_hub reads back what the tables say."""

import json
import sys
from pathlib import Path

import pytest

from embedbench.errors import InputError
from embedbench.export.hub_folder import write_hub
from embedbench.export.outcome import Request
from embedbench.export.scores import named_scores
from embedbench.results.results import Results
from tests.support.example_results import ENCODERS, example_results


@pytest.mark.exports
def test_the_cards_have_the_numbers(real_run: Results, tmp_path: Path) -> None:
    hub = pytest.importorskip("huggingface_hub")
    out = tmp_path / "hub"
    told = real_run.export("hub", out)
    for name, encoder in {"01_pixels": "pixels", "02_co_lour_2": "co:lour/<2>"}.items():
        data = hub.ModelCard.load(out / "models" / name / "README.md").data
        assert data.model_name == encoder
        rows = real_run.purposes[real_run.purposes["encoder"] == encoder]
        for row in rows.to_dict("records"):
            found = {
                one.metric_type: one.metric_value
                for one in data.eval_results
                if one.dataset_config == row["purpose"]
            }
            metric = row["metric"]
            assert found == {
                metric: row["value"], f"{metric}_low": row["low"], f"{metric}_high": row["high"],
            }  # fmt: skip
    card = hub.DatasetCard.load(out / "README.md")
    assert "embedbench" in card.data.tags
    for config in card.data.configs:
        assert (out / config["data_files"]).is_file()
    scores = json.loads((out / "results.json").read_text())["encoders"]
    assert scores["pixels"]["scores"] == named_scores(real_run, "pixels")
    assert told.next == f"hf upload --repo-type dataset USER/embedbench {out}"
    text = "".join(file.read_text() for file in out.rglob("*.*") if file.is_file())
    assert str(Path(real_run.run["sources"][0]).parent) not in text


@pytest.mark.exports
def test_names_that_bite_stay_text(tmp_path: Path) -> None:
    hub = pytest.importorskip("huggingface_hub")
    for truth in (True, False):
        out = tmp_path / str(truth)
        example_results(truth).export("hub", out, encoders=ENCODERS[1:])
        card = hub.DatasetCard.load(out / "README.md")
        assert "<photos>" not in card.text and r"\<photos\>" in card.text
        cards = [hub.ModelCard.load(file) for file in out.glob("models/*/README.md")]
        assert {card.data.get("model_name") for card in cards} == set(ENCODERS[1:])
        assert all(bool(card.data.get("eval_results")) is truth for card in cards)


def test_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(InputError, match=r"'image-embedbench\[hub\]'"):
        write_hub(example_results(), Request())
