"""Count how the signals order encoders with 50, 100 and 150 images of a set.

python benchmarks/more_images.py BANK OUT [SETS]

BANK is the folder that `verdict_bank.py` writes. Of the first SETS (all) that have 140 images or
more, 50 and 100 at random and all are taken; OUT/COUNT has a draw of each. The truth is the AMI
with all images, for the best encoder is wanted for more images than are compared; another column
has the tau with the AMI of the images taken. Half a minute a set on one core.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from candidate_model import SIGNALS, judged_with
from candidate_report import cells, judged_alone, with_signals
from signal_candidates import shared
from verdict_bank import ORDER
from verdict_sets import Bank

COUNTS, LEAST, RUNS = (50, 100, 150), 140, 16


def taken(bank: Bank, count: int) -> Bank:
    """Return this many images at random, with the degraded encoders."""
    rows = np.random.default_rng(0).permutation(len(bank.truth))[:count]
    return bank.take(np.sort(rows)).with_degraded()


def main() -> None:
    """Make the draws that are not there, and print the table."""
    bank, out = Path(sys.argv[1]), Path(sys.argv[2])
    there = [bank / f"{name}.safetensors" for name in ORDER]
    large = [file for file in there if file.exists() and len(Bank.read(file).truth) >= LEAST]
    for file in large[: int(sys.argv[3]) if len(sys.argv) > 3 else None]:
        whole = Bank.read(file)
        for count in sorted(COUNTS, reverse=True):
            (out / str(count)).mkdir(parents=True, exist_ok=True)
            made = out / str(count) / f"{file.stem}_0.npz"
            if not made.exists():
                with threadpool_limits(1):
                    np.savez(made, allow_pickle=False, **shared(taken(whole, count)))
                print(made, file=sys.stderr, flush=True)
    every, table = with_signals(out / str(max(COUNTS)), RUNS, ()), []
    for count in COUNTS:
        runs = with_signals(out / str(count), RUNS, ())
        known = [replace(run, truth=whole.truth) for run, whole in zip(runs, every, strict=True)]
        for name in SIGNALS:
            own = cells(judged_alone(runs, name))["Kendall's tau"]
            told = cells(judged_alone(known, name)) | {"tau, AMI of these": own}
            table.append({"images": count, "signal": name} | told)
        table.append({"images": count, "signal": "both"} | cells(judged_with(known, SIGNALS)))
    print(pd.DataFrame(table).fillna("").to_markdown(index=False))


if __name__ == "__main__":
    main()
