"""Select the number of clusters by three criteria, each of which may answer "no clear k"."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Float64
from scipy.stats import t

from embedbench.clustering.kmeans import fit_kmeans
from embedbench.clustering.null_reference import null_references
from embedbench.clustering.partitions import Partitions, Points
from embedbench.metrics.clustering.silhouette import silhouettes
from embedbench.results.schema import K_CRITERIA

__all__ = [
    "KSelection",
    "SPREAD_SEEDS",
    "inertia_from_one",
    "knee_position",
    "select_k",
    "spread_ks",
]

SPREAD_KS = (4, 8, 12, 20)
SPREAD_SEEDS = 3
"""Where no labels give the number of clusters, encoders are compared at several ks at once."""

_CLEAR = 0.995
_BAND = 0.95
_GAP_TOLERANCE = 0.05
_LEAST_INERTIA = 1e-12


@dataclass(frozen=True, eq=False)
class KSelection:
    """The number of clusters by each criterion, None where it finds no clear one.

    Attributes:
        elbow: the knee of the inertia.
        silhouette: the k with the highest mean silhouette. If it is the largest k tried, more
            clusters may do better still.
        gap: the k of the gap statistic; the largest k tried means the same.
        curve: a row for each k: `k`, `inertia` and `silhouette` (means over the seeds), `gap`,
            `gap_error` (its standard error), and what data without clusters give:
            `inertia_null_low`, `inertia_null_high` and `silhouette_null_high`, each passed by one
            such data set in 20.
    """

    elbow: int | None
    silhouette: int | None
    gap: int | None
    curve: pd.DataFrame

    def by_criterion(self) -> dict[str, int | None]:
        """Return the chosen k by the name of the criterion."""
        return {name: getattr(self, name) for name in K_CRITERIA}


def select_k(
    points: Points,
    kmeans_runs: Partitions,
    silhouettes_mean: Float[np.ndarray, " runs"],
    seed: int,
    references: int = 10,
) -> KSelection:
    """Return how many clusters the points have, by three criteria.

    Each is also computed on data without clusters but with the covariance of the points
    (`clustering.null_reference`), clustered in the same way, and counts only if it exceeds what
    one such data set in 200 would reach: the upper end of a prediction interval by Student's t
    from the values there.

    - `elbow`: the knee that Kneedle (Satopaa et al. 2011, library kneed) finds in the logarithm
      of the inertia from k = 1 on; in the inertia itself the first splits hide the later ones.
      It stands out by how far the curve lies below the straight line between its ends.
    - `silhouette`: the highest mean silhouette.
    - `gap`: how far the logarithm of the inertia lies below that of the references (Tibshirani,
      Walther, Hastie 2001). The smallest k whose gap is within one standard error, or 5 %, of
      the largest: the error alone is so small in many dimensions that groups within the
      clusters would count, and comparing each k with the next stops early where clusters come
      in groups.

    Data without clusters here means something near Gaussian or uniform. A few images far from all
    others (heavy tails, mostly of vectors that are not of unit length) can pass for clusters.

    Args:
        points: the images in the clustered space.
        kmeans_runs: the K-means partitions of the points, of at least one k.
        silhouettes_mean: the mean silhouette of each of these runs.
        seed: of the references and of their clustering.
        references: number of data sets without clusters; at least 2.
    """
    table = kmeans_runs.runs[["k", "inertia"]].assign(silhouette=silhouettes_mean)
    # A reference has one seed; the mean over the seeds, not the best, is comparable to it.
    curve = table.astype({"k": "int64"}).groupby("k", as_index=False).mean()
    observed = _Curve.of(points, curve["inertia"].to_numpy(), curve["silhouette"].to_numpy())
    ks = curve["k"].to_numpy()
    reference_curves = [
        _clustered(reference, ks.tolist(), seed)
        for reference in null_references(points, seed, references)
    ]
    null_inertia = np.stack([reference_curve.log_inertia for reference_curve in reference_curves])
    null_silhouette = np.stack([reference_curve.silhouette for reference_curve in reference_curves])
    gap = null_inertia.mean(axis=0) - observed.log_inertia
    error = null_inertia.std(axis=0) * np.sqrt(1 + 1 / references)
    low, high = np.exp(-_reach(-null_inertia[:, 1:])), np.exp(_reach(null_inertia[:, 1:]))
    return KSelection(
        elbow=_elbow(ks, observed.log_inertia, null_inertia),
        silhouette=_silhouette(ks, observed.silhouette, null_silhouette),
        gap=_gap(ks, gap, error, null_inertia),
        curve=curve.assign(
            gap=gap[1:],
            gap_error=error[1:],
            inertia_null_low=low,
            inertia_null_high=high,
            silhouette_null_high=_reach(null_silhouette),
        ),
    )


def spread_ks(ks: Sequence[int]) -> list[int]:
    """Return the ks of a sweep that lie nearest to 4, 8, 12 and 20, without repetitions."""
    return sorted({min(ks, key=lambda k: abs(k - wanted)) for wanted in SPREAD_KS})


def inertia_from_one(
    points: Points, inertia: Float[np.ndarray, " ks"]
) -> Float64[np.ndarray, " from_one"]:
    """Return the logarithm of the inertia, that of a single cluster before it; always finite."""
    whole = points.astype(np.float64).var(axis=0).sum() * len(points)
    return np.asarray(np.log(np.maximum([whole, *inertia], _LEAST_INERTIA * whole)))


@dataclass(frozen=True, eq=False)
class _Curve:
    """What K-means gives for each k: the logarithm of the inertia from k = 1 on, the silhouette."""

    log_inertia: Float64[np.ndarray, " from_one"]
    silhouette: Float64[np.ndarray, " ks"]

    @classmethod
    def of(
        cls, points: Points, inertia: Float[np.ndarray, " ks"], silhouette: Float[np.ndarray, " ks"]
    ) -> "_Curve":
        """Return the curve; it is finite even for an inertia of 0, as of k different images."""
        profile = np.nan_to_num(silhouette.astype(np.float64), nan=-1.0)
        return cls(inertia_from_one(points, inertia), profile)


def _clustered(points: Points, ks: Sequence[int], seed: int) -> _Curve:
    fits = fit_kmeans(points, [(k, seed) for k in ks])
    profiles = silhouettes(points, np.stack([fit.labels for fit in fits]), quick=True)
    inertia = np.array([fit.inertia for fit in fits])
    return _Curve.of(points, inertia, profiles.mean(axis=1))


def _elbow(
    ks: np.ndarray,
    log_inertia: Float64[np.ndarray, " from_one"],
    null: Float64[np.ndarray, "references from_one"],
) -> int | None:
    every = np.array([1, *ks])
    null_depth = _depth(every, null)
    usual = null_depth.mean(axis=0)
    knee = knee_position(every, log_inertia)
    if knee is None:
        return None
    at_knees = [
        0.0 if position is None else float(depth[position] - usual[position])
        for depth, position in zip(
            null_depth, (knee_position(every, curve) for curve in null), strict=True
        )
    ]
    depth = _depth(every, log_inertia[None])[0] - usual
    return int(every[knee]) if _stands_out(depth[knee], np.array(at_knees)) else None


def knee_position(ks: np.ndarray, log_inertia: Float64[np.ndarray, " ks"]) -> int | None:
    """Return the position of the knee of a falling curve; None where it has none inside."""
    from kneed import KneeLocator  # brings matplotlib with it

    if len(ks) < 3:
        return None
    with warnings.catch_warnings():
        # A curve without a knee is a result, not an error.
        warnings.filterwarnings("ignore", "No knee/elbow found", UserWarning)
        # "online": a later, deeper knee takes the place of an earlier one.
        knee = KneeLocator(
            ks, log_inertia, curve="convex", direction="decreasing", online=True
        ).knee
    position = None if knee is None else int(np.searchsorted(ks, knee))
    return position if position not in (0, len(ks) - 1) else None


def _depth(
    ks: np.ndarray, curves: Float64[np.ndarray, "curves ks"]
) -> Float64[np.ndarray, "curves ks"]:
    """Return how far each curve lies below the straight line between its ends."""
    share = (ks - ks[0]) / (ks[-1] - ks[0])
    first, last = curves[:, :1], curves[:, -1:]
    below: Float64[np.ndarray, "curves ks"] = first + (last - first) * share - curves
    return below


def _silhouette(
    ks: np.ndarray,
    silhouette: Float64[np.ndarray, " ks"],
    null: Float64[np.ndarray, "references ks"],
) -> int | None:
    best = int(np.argmax(silhouette))
    return int(ks[best]) if _stands_out(silhouette[best], null.max(axis=1)) else None


def _gap(
    ks: np.ndarray,
    gap: Float64[np.ndarray, " from_one"],
    error: Float64[np.ndarray, " from_one"],
    null: Float64[np.ndarray, "references from_one"],
) -> int | None:
    null_gap = null.mean(axis=0) - null
    largest = int(np.argmax(gap))
    rise = (null_gap - null_gap[:, :1]).max(axis=1)
    tolerance = max(error[largest], _GAP_TOLERANCE * (gap[largest] - gap[0]))
    chosen = int(np.argmax(gap >= gap[largest] - tolerance))
    if chosen == 0 or not _stands_out(gap[largest] - gap[0], rise):
        return None
    return int(ks[chosen - 1])


def _stands_out(value: float, null: Float64[np.ndarray, " references"]) -> bool:
    return bool(value > _reach(null[:, None], _CLEAR)[0])


def _reach(
    null: Float64[np.ndarray, "references ks"], level: float = _BAND
) -> Float64[np.ndarray, " ks"]:
    """Return what one more reference stays below with this probability, were they normal."""
    count = len(null)
    deviation = null.std(axis=0, ddof=1) * np.sqrt(1 + 1 / count)
    reach: Float64[np.ndarray, " ks"] = null.mean(axis=0) + t.ppf(level, count - 1) * deviation
    return reach
