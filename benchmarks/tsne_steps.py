"""t-SNE with the steps that small sets take, against those that scikit-learn takes by default.

python benchmarks/tsne_steps.py VECTORS.npy [VECTORS.npy ...]

Quality: trustworthiness at 15 neighbours, and the share of the 15 nearest neighbours that are kept;
means over three seeds. `embedbench embed` makes such files.
"""

import sys
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.manifold import TSNE, trustworthiness
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

STEPS, NEIGHBOURS, SEEDS = (500, 1000), 15, range(3)


def kept(rows: np.ndarray, plane: np.ndarray) -> float:
    """Return the share of each row's nearest neighbours that are near in the plane, too."""
    near, shown = (
        NearestNeighbors(n_neighbors=NEIGHBOURS).fit(points).kneighbors(return_distance=False)
        for points in (rows, plane)
    )
    both = [len(set(a) & set(b)) for a, b in zip(near, shown, strict=True)]
    return float(np.mean(both)) / NEIGHBOURS


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    print("| vectors | steps | seconds | trustworthiness | neighbours kept |")
    print("|---|---|---|---|---|")
    for path in map(Path, sys.argv[1:]):
        rows = normalize(np.load(path, allow_pickle=False))
        found: dict[int, list[tuple[float, float, float]]] = {steps: [] for steps in STEPS}
        for seed in SEEDS:
            for steps in STEPS:
                start = time.perf_counter()
                plane = TSNE(
                    2, init="pca", max_iter=steps, random_state=seed, n_jobs=1
                ).fit_transform(rows)
                seconds = time.perf_counter() - start
                trust = trustworthiness(rows, plane, n_neighbors=NEIGHBOURS)
                found[steps].append((seconds, float(trust), kept(rows, plane)))
        for steps, runs in found.items():
            told = "{:.1f} | {:.3f} | {:.3f}".format(*np.mean(runs, axis=0))
            print(f"| {path.stem} {rows.shape} | {steps} | {told} |")


if __name__ == "__main__":
    main()
