"""Published tables of draws, which are not part of this repository because of their licence (GPL-3).

The folder that holds them is named by the environment variable ``NBSMODEL_SAMPLE_TABLES``, or stands beside the
repository; tests that need a table are skipped without it. They were written as CSV from the data of R packages on
CRAN:

- ``psa_three_strategies.csv.gz``: dampack 1.0.2.1000, data/example_psa.rda
- ``psa_vaccine.csv``: BCEA 2.4.82, data/Vaccine.RData
- ``psa_chemo.csv.gz`` and ``psa_smoking.csv``: the chemotherapy and the smoking-cessation examples of voi and BCEA
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nbsmodel.analysis.sample import Sample

FOLDER, BESIDE = "NBSMODEL_SAMPLE_TABLES", Path(__file__).resolve().parents[3] / "shared/oracles/data"


def sample_table(name: str) -> pd.DataFrame:
    """A published table of draws; skips the test that asks where it is not at hand."""
    path = Path(os.environ.get(FOLDER, BESIDE)) / name
    if not path.is_file():
        pytest.skip(f"{name} is not at hand: set {FOLDER} to the folder that holds it")
    return pd.read_csv(path)


def as_sample(table: pd.DataFrame, cost: str, effect: str, names: dict[str, str], comparator: str) -> Sample:
    """The draws of such a table; columns are `cost` and `effect` with the key of a strategy in place of ``*``."""
    money, health = (table[[pattern.replace("*", key) for key in names]].to_numpy() for pattern in (cost, effect))
    return Sample(
        strategies=tuple(names.values()), comparator=list(names.values()).index(comparator), cost=money,
        effect=health, draws=np.arange(len(table)), outcomes={"cost": money, "qaly": health},
    )  # fmt: skip
