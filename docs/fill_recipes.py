"""Fill the marked blocks and the figures of the recipes' pages from run folders.

python docs/fill_recipes.py RUNS

RUNS holds a run folder for each recipe, of its name; a recipe without one keeps its page. The
pages show the commands that make them.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from blocks import fill
from markupsafe import Markup
from PIL import Image

from embedbench.report.answers.summary import summary
from embedbench.results.reading import read_results
from embedbench.results.results import Results

PAGES = Path(__file__).parent / "recipes"
WIDEST = 1100

FIGURES = {
    "clip-guide": {"pictures": "01_*/space_*_pictures"},
    "resnet50-elbow": {
        "elbow": "01_*/elbow",
        "sheet": "01_*/contact_sheet",
        "tsne": "01_*/map_tsne",
    },
    "clip-analysis": {
        "plane": "01_*/space_*_map",
        "curves": "robustness_neighbour_retention",
    },
    "clip-vs-resnet50": {"comparison": "comparison", "maps": "maps_tsne"},
    "curated-vs-random": {"domains": "domains"},
}
"""Of each recipe, the figures that its page shows, and where a run has them."""

QUANTITIES = {
    "own_cluster": "in clusters of their own",
    "noise": "called noise",
    "scattered": "spread over the others' clusters",
}


def paragraphs(results: Results) -> str:
    """Return what the report says first."""
    texts = []
    for paragraph in summary(results):
        marked = str(paragraph).replace("<strong>", "**").replace("</strong>", "**")
        texts.append("> " + Markup(marked).striptags())
    return "\n>\n".join(texts)


def clusters(results: Results) -> str:
    """Return the K-means clusters of the vectors, with their names."""
    rows = results.clusters[results.clusters["space"] == results.spaces[0]]
    rows = rows[(rows["encoder"] == rows["encoder"].iloc[0]) & (rows["clusterer"] == "kmeans")]
    columns = ["cluster", "size", "silhouette", "name", "name_margin", "nearest_word"]
    rows = rows.assign(share=[f"{row.label} {row.label_share:.0%}" for row in rows.itertuples()])
    return as_table(rows[[*columns, "share"]].rename(columns={"share": "commonest label"}))


def between(results: Results) -> str:
    """Return some images that fit two names, at most one of the same two names."""
    rows = results.zero_shot[results.zero_shot["ambiguous"].astype(bool)]
    rows = rows.sort_values("second_similarity", ascending=False, kind="stable")
    rows = rows.drop_duplicates(["name", "second_name"]).head(6)
    return as_table(rows[["image", "name", "similarity", "second_name", "second_similarity"]])


def choices(results: Results) -> str:
    """Return the k that each criterion chose, in words."""
    chosen = {
        name: rows["k"].iloc[0] for name, rows in results.comparison.groupby("k_from", sort=False)
    }
    texts = [
        f"{name}: {'no clear k' if pd.isna(chosen[name]) else f'{chosen[name]:.0f}'}"
        for name in ("elbow", "silhouette", "gap")
    ]
    return "Here they choose: " + ", ".join(texts) + "."


def spaces(results: Results) -> str:
    """Return what K-means finds in each space."""
    rows = results.comparison[results.comparison["clusterer"] == "kmeans"]
    names = {"silhouette_l2": "in l2", "silhouette_noise": "of noise", "ami": "AMI"}
    columns = ["space", "k", "ami", "silhouette", "silhouette_l2", "silhouette_noise"]
    return as_table(rows[columns].rename(columns=names))


def robustness_ranking(results: Results) -> str:
    """Return what corruptions leave."""
    names = {
        "retention": "retention",
        "cluster_changes": "change cluster",
        "ami_clean": "AMI, clean",
        "ami": "AMI, corrupted",
        "ami_change": "change in AMI",
    }
    return as_table(results.robustness_ranking[["encoder", *names]].rename(columns=names))


def contamination(results: Results) -> str:
    """Return where the mixed-in images end up."""
    rows = results.contamination[results.contamination["quantity"].isin(QUANTITIES)]
    table = rows.pivot(index=["encoder", "clusterer"], columns="quantity", values="value")
    return as_table(table[list(QUANTITIES)].rename(columns=QUANTITIES).reset_index())


def table(results: Results) -> str:
    """Return the main rows of the comparison."""
    rows = results.comparison[results.comparison["k_from"].isin(["truth", "own"])]
    names = {"ami": "AMI", "ami_low": "low", "ami_high": "high"}
    columns = ["encoder", "clusterer", "k", *names, "stability"]
    return as_table(rows[columns].rename(columns=names))


def moves(results: Results) -> str:
    """Return how the main metrics move from one set to the other."""
    rows = results.domain_pairs[results.domain_pairs["clusterer"].isin(["kmeans", ""])]
    rows = rows[rows["metric"].isin(["ami", "accuracy", "knn_accuracy", "linear_probe"])]
    rows = rows.sort_values("metric", kind="stable")
    columns = ["metric", "encoder", "difference", "difference_low", "difference_high"]
    names = {"difference_low": "low", "difference_high": "high"}
    return as_table(rows[columns].rename(columns=names))


BLOCKS: dict[str, dict[str, Callable[[Results], str]]] = {
    "clip-guide": {"summary": paragraphs, "clusters": clusters, "between": between},
    "resnet50-elbow": {"summary": paragraphs, "choices": choices},
    "clip-analysis": {
        "spaces": spaces,
        "robustness ranking": robustness_ranking,
        "contamination": contamination,
    },
    "clip-vs-resnet50": {"summary": paragraphs, "table": table},
    "curated-vs-random": {"summary": paragraphs, "moves": moves},
}


def as_table(rows: pd.DataFrame) -> str:
    """Return rows as Markdown, numbers with at most three decimals."""
    written = rows.map(lambda value: _short(value) if isinstance(value, float) else value)
    return str(written.to_markdown(index=False, disable_numparse=True))


def _short(value: float) -> str:
    if pd.isna(value):
        return ""
    return f"{value:.0f}" if value == int(value) and abs(value) > 1 else f"{value:.3f}"


def main() -> None:
    """Fill the page of each recipe that has a run."""
    for name, blocks in BLOCKS.items():
        run = Path(sys.argv[1]) / name
        if not run.is_dir():
            continue
        results, page = read_results(run), PAGES / f"{name}.md"
        text = page.read_text(encoding="utf-8")
        for block, make in blocks.items():
            text = fill(text, block, make(results))
        page.write_text(text, encoding="utf-8")
        for figure, pattern in FIGURES[name].items():
            first, *_ = results.figures(run / "figures", [pattern])
            with Image.open(first) as image:
                picture = image.convert("RGB")
            picture.thumbnail((WIDEST, 3 * WIDEST))
            picture.save(PAGES / f"{name}-{figure}.webp", quality=80)


if __name__ == "__main__":
    main()
