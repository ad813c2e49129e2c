"""Draws and outcomes of a probabilistic analysis as files, and read back together."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.analysis.sample import Sample
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.parts import COST
from nbsmodel.model.yamlfile import shown

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.run.psa import Psa

#: Files of a results folder.
DRAWS_FILE, OUTCOMES_FILE = "psa_draws.parquet", "psa_outcomes.parquet"

#: Rows of a group in the written tables: fixed, so that the bytes do not depend on how a run was split.
ROW_GROUP, OUTCOME_DRAWS = 100_000, 10_000

#: Rows of the outcomes that are no outcomes of the model.
BIRTHS, CASES = "births_per_year", "case_share"

#: What the outcomes say of themselves, and of the draws that they belong to.
ABOUT = b"nbsmodel"


def write_psa(psa: Psa, folder: Path) -> None:
    """Write ``psa_draws.parquet`` and ``psa_outcomes.parquet``: draw numbers on both sides.

    Parameters
    ----------
    psa : Psa
    folder : Path
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    sample, ids = psa.sample, pa.array(psa.sample.draws, pa.int64())
    columns = {"draw": ids} | {name: pa.array(psa.draws[name].to_numpy()) for name in psa.draws.columns}
    pq.write_table(pa.table(columns), folder / DRAWS_FILE, row_group_size=ROW_GROUP, write_page_checksum=True)
    extra = {BIRTHS: sample.births, CASES: sample.cases}
    wide = dict(sample.outcomes) | {
        name: np.repeat(v[:, None], len(sample.strategies), axis=1) for name, v in extra.items() if v is not None
    }
    about = {
        "draws": fingerprint(psa.draws), "strategies": sample.strategies, "comparator": sample.comparator,
        "effect": next(name for name, v in sample.outcomes.items() if v is sample.effect),
    }  # fmt: skip
    schema = pa.schema(
        [("draw", pa.int64()), ("strategy", pa.dictionary(pa.int8(), pa.string())),
         ("outcome", pa.dictionary(pa.int16(), pa.string())), ("value", pa.float64())],
        metadata={ABOUT: json.dumps(about)},
    )  # fmt: skip
    strategies, names = pa.array(sample.strategies), pa.array(list(wide))
    with pq.ParquetWriter(folder / OUTCOMES_FILE, schema, write_page_checksum=True) as writer:
        for first in range(0, len(sample), OUTCOME_DRAWS):
            values = np.stack([v[first : first + OUTCOME_DRAWS] for v in wide.values()], axis=2)
            d, s, o = values.shape
            codes = [np.repeat(np.arange(s), o), np.tile(np.arange(o), s)]
            table = pa.table(
                [
                    pa.array(np.repeat(sample.draws[first : first + d], s * o), pa.int64()),
                    pa.DictionaryArray.from_arrays(pa.array(np.tile(codes[0], d), pa.int8()), strategies),
                    pa.DictionaryArray.from_arrays(pa.array(np.tile(codes[1], d), pa.int16()), names),
                    pa.array(values.reshape(-1)),
                ],
                schema=schema,
            )
            writer.write_table(table, row_group_size=d * s * o)


def read_psa(draws: str | Path, outcomes: str | Path | None = None) -> tuple[pd.DataFrame, Sample]:
    """Draws and outcomes of an earlier run, for analyses of one's own.

    Parameters
    ----------
    draws : str or Path
        ``psa_draws.parquet``, or a results folder that holds both files.
    outcomes : str or Path, optional
        ``psa_outcomes.parquet``.

    Returns
    -------
    draws : DataFrame
        A row a draw, indexed by its number; a column a parameter.
    sample : Sample
        Costs and effects of the same draws, in the same order.

    Raises
    ------
    InputError
        When a file cannot be read, or the two are of different runs.
    """
    folder = Path(draws)
    both = (folder / DRAWS_FILE, folder / OUTCOMES_FILE) if outcomes is None else (folder, Path(outcomes))
    table, values = (_read(path) for path in both)
    frame = table.to_pandas().set_index("draw")
    about = json.loads((values.schema.metadata or {}).get(ABOUT, b"{}"))
    if not about:
        raise InputError(
            [Problem(shown(both[1]), f"this is no {OUTCOMES_FILE} of a run.", "Give the file of outcomes.")]
        )
    if about["draws"] != fingerprint(frame):
        theirs = len(set(values["draw"].to_numpy()))
        found = f"these outcomes ({theirs:,} draws) are not of the draws in {shown(both[0])} ({len(frame):,})."
        raise InputError([Problem(shown(both[1]), found, "Take both files from one results folder.")])
    strategies = tuple(about["strategies"])
    names = values["outcome"].combine_chunks().dictionary.to_pylist()
    shaped = values["value"].to_numpy().reshape(len(frame), len(strategies), len(names))
    columns: dict[str, Any] = {name: shaped[:, :, i] for i, name in enumerate(names)}
    births, cases = columns.pop(BIRTHS, None), columns.pop(CASES, None)
    sample = Sample(
        strategies=strategies,
        comparator=about["comparator"],
        cost=columns[COST],
        effect=columns[about["effect"]],
        draws=frame.index.to_numpy(),
        births=None if births is None else births[:, 0],
        cases=None if cases is None else cases[:, 0],
        outcomes=columns,
    )
    return frame, sample


def fingerprint(draws: pd.DataFrame) -> str:
    """A hash of a table of draws: numbers, names and values."""
    found = hashlib.sha256(np.ascontiguousarray(draws.index.to_numpy(), dtype=np.int64).tobytes())
    for name in draws.columns:
        column = draws[name].to_numpy()
        plain = column.astype(np.float64) if column.dtype.kind in "fiu" else "\n".join(map(str, column)).encode()
        found.update(str(name).encode() + b"\n")
        found.update(plain.tobytes() if isinstance(plain, np.ndarray) else plain)
    return found.hexdigest()


def _read(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise InputError([Problem(shown(path), "no such file.", "Run a config with `analyses: {psa: ...}` first.")])
    try:
        table = pq.read_table(path, page_checksum_verification=True)
    except (OSError, pa.ArrowException):
        raise InputError([Problem(shown(path), "this is no Parquet file that can be read.")]) from None
    if "draw" not in table.column_names:
        raise InputError([Problem(shown(path), "it has no column draw, which numbers the draws.")])
    return table
