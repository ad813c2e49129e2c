"""Parts of a probabilistic analysis on disk, until the whole is there: what lets a stopped run go on."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.analysis.sample import Sample
from nbsmodel.config.scenario import Scenario
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.yamlfile import shown
from nbsmodel.run.psa_evaluate import Evaluated, Refusal

if TYPE_CHECKING:
    from nbsmodel.run.psa import Part

ASKED = "asked.json"
LIBRARIES = ("numpy", "scipy", "numba")


class Store:
    """Keeps the parts of a run beside its output folder.

    Parameters
    ----------
    out : Path
        Output folder of the run.
    scenario : Scenario
    """

    def __init__(self, out: Path, scenario: Scenario) -> None:
        out = out.resolve()
        self.folder = out.with_name(f".{out.name}.unfinished")
        self.out, self.asked = out, _asked(scenario)

    def begin(self, resume: bool, force: bool) -> int:
        """Make the folder, or take it up; the draws that it holds.

        Raises
        ------
        InputError
            When a stopped run stands there and nothing was said about it, or it was of other inputs.
        """
        if self.folder.is_dir():
            held = self.held
            if not resume and not force and held:
                found = f"a stopped run left {held:,} draws here."
                raise InputError(
                    [Problem(shown(self.out), found, "Go on with --resume, or start afresh with --force.")]
                )
            if resume:
                self._compare()
                return held
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True)
        (self.folder / ASKED).write_text(json.dumps(self.asked, indent=1), encoding="utf-8")
        return 0

    @property
    def held(self) -> int:
        """Draws that are kept."""
        return sum(count for _, count in self._files())

    def _compare(self) -> None:
        try:
            theirs = json.loads((self.folder / ASKED).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            theirs = {}
        different = [key for key in {**theirs, **self.asked} if theirs.get(key) != self.asked.get(key)]
        if different:
            found = f"the stopped run was of other inputs: {', '.join(different[:8])}."
            fix = "Run without --resume and with --force to start afresh."
            raise InputError([Problem(shown(self.out), found, fix)])

    def _files(self) -> list[tuple[Path, int]]:
        """Finished parts in order, without a gap, and their numbers of draws."""
        found: list[tuple[Path, int]] = []
        first = 0
        for path in sorted(self.folder.glob("*.parquet")):
            start, _, count = path.stem.partition("-")
            if not (start.isdigit() and count.isdigit()) or int(start) != first:
                break
            found.append((path, int(count)))
            first += int(count)
        return found

    def parts(self) -> Iterator[Part]:
        """Parts that are there already; one that cannot be read, and what follows it, is made again."""
        files = self._files()
        for i, (path, _) in enumerate(files):
            try:
                part = _read(path)
            except (OSError, ValueError, KeyError):  # of the library too: damaged, cut off, or not ours
                for damaged, _ in files[i:]:
                    damaged.unlink()
                return
            yield part

    def keep(self, part: Part) -> None:
        """Put a part aside; it is there whole or not at all."""
        path = self.folder / f"{part.first:012d}-{len(part):07d}.parquet"
        written = path.with_suffix(f".{os.getpid()}")
        _write(part, written)
        written.replace(path)

    def clear(self) -> None:
        """Remove the parts, once the whole is written."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _asked(scenario: Scenario) -> dict[str, Any]:
    """Everything the draws and their outcomes depend on."""
    from nbsmodel import __version__

    psa = scenario.analyses.psa
    assert psa is not None
    folder = scenario.model.folder
    names = {p: str(p.relative_to(folder)) if p.is_relative_to(folder) else p.name for p in scenario.model.files}
    files = {name: hashlib.sha256(p.read_bytes()).hexdigest() for p, name in names.items()}
    if psa.file is not None and Path(psa.file).is_file():
        files["file of draws"] = hashlib.sha256(Path(psa.file).read_bytes()).hexdigest()
    asked = {
        "nbsmodel": __version__,
        **{f"library {name}": version(name) for name in LIBRARIES},
        "python": platform.python_version(),
        "engine": scenario.engine,
        "seed": scenario.seed,
        "individuals": scenario.individuals if scenario.simulated else None,
        **{f"settings.{key}": value for key, value in scenario.settings.as_written().items()},
        **{f"overrides.{key}": value for key, value in scenario.overrides.items()},
        **{f"choices.{key}": value for key, value in scenario.choices.items()},
        **{f"psa.{key}": value for key, value in psa.model_dump(include=_OF_DRAWS).items()},
        **files,
    }
    return json.loads(json.dumps(asked))


#: What of the block ``psa`` decides which draws are made and what the model gives for them.
_OF_DRAWS = {"draws", "sampling", "alternatives"}


def _write(part: Part, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sample = part.evaluated.sample
    columns = {f"p {name}": column for name, column in part.columns.items()}
    for name, values in sample.outcomes.items():
        columns |= {f"o {name} {s}": values[:, s] for s in range(len(sample.strategies))}
    for name in ("births", "cases"):
        if getattr(sample, name) is not None:
            columns[name] = getattr(sample, name)
    columns |= {"which": part.which, "kept": part.evaluated.kept}
    about = {
        "first": part.first, "strategies": sample.strategies, "comparator": sample.comparator,
        "effect": next(o for o, v in sample.outcomes.items() if v is sample.effect),
        "refusals": [asdict(r) for r in part.evaluated.refusals],
    }  # fmt: skip
    table = pa.table({name: pa.array(column) for name, column in columns.items()})
    pq.write_table(table.replace_schema_metadata({"about": json.dumps(about)}), path, write_page_checksum=True)


def _read(path: Path) -> Part:
    import pyarrow.parquet as pq

    from nbsmodel.run.psa import Part

    table = pq.read_table(path, page_checksum_verification=True)
    about = json.loads(table.schema.metadata[b"about"])
    columns = {name: table[name].to_numpy() for name in table.column_names}
    count = len(about["strategies"])
    names = dict.fromkeys(name[2:].rpartition(" ")[0] for name in columns if name.startswith("o "))
    outcomes = {name: np.column_stack([columns[f"o {name} {s}"] for s in range(count)]) for name in names}
    sample = Sample(
        strategies=tuple(about["strategies"]),
        comparator=about["comparator"],
        cost=outcomes["cost"],
        effect=outcomes[about["effect"]],
        draws=np.arange(about["first"], about["first"] + table.num_rows),
        births=columns.get("births"),
        cases=columns.get("cases"),
        outcomes=outcomes,
    )
    drawn = {name[2:]: column for name, column in columns.items() if name.startswith("p ")}
    refusals = [Refusal(**r) for r in about["refusals"]]
    return Part(about["first"], drawn, columns["which"], Evaluated(columns["kept"], sample, refusals))
