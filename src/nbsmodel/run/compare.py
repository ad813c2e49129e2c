"""`compare`: a folder or list of scenario files side by side at base values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nbsmodel.config.scenario import Scenario
from nbsmodel.engine.result import Result
from nbsmodel.errors import Problems
from nbsmodel.model.yamlfile import shown
from nbsmodel.run.find import find_configs
from nbsmodel.run.output import check_free, results_folder
from nbsmodel.run.run import CSV_FORMAT, default_threads, evaluate_scenario
from nbsmodel.run.runs import Step, silent
from nbsmodel.run.scenarios import load_configs, most_extended, named, write_copies

if TYPE_CHECKING:
    import pandas as pd

#: Where results go when nothing is said.
OUT = Path("results") / "scenarios"


@dataclass(frozen=True)
class Comparison:
    """What a comparison gave.

    Parameters
    ----------
    scenarios : dict of str to Scenario
        By name, the reference first.
    reference : str
        The scenario that the others are set against.
    tables : dict of str to DataFrame
        ``scenarios`` and ``scenario_differences``, see `nbsmodel.run.scenario_tables.scenario_tables`.
    folder : Path or None
        Where they were written.
    """

    scenarios: dict[str, Scenario]
    reference: str
    tables: dict[str, pd.DataFrame]
    folder: Path | None


def compare(
    paths: Sequence[str | Path],
    sets: Sequence[str] = (),
    out: str | Path | None = None,
    force: bool = False,
    write: bool = True,
    *,
    threads: int | None = None,
    step: Step = silent,
) -> Comparison:
    """Run scenarios at base values and set them side by side.

    Parameters
    ----------
    paths : sequence of str or Path
        Config files, folders of config files, or model folders.
    sets : sequence of str
        Changes to every scenario, as ``key=value``.
    out : str or Path, optional
        Output folder, by default ``results/scenarios``.
    force : bool
        Replace earlier results there.
    write : bool
        Write the output folder; without it only the tables are returned.
    threads : int, optional
        Of simulations; the results do not depend on it.
    step : callable
        Told what is done, how much of it, and how much there is.

    Returns
    -------
    Comparison
        Against the scenario that most of the others extend, or the first where none is extended.

    Raises
    ------
    InputError
        With the problems of all scenarios; nothing is written and earlier results stay.
    """
    target = OUT if out is None else Path(out)
    if write:
        check_free(target, force)
    problems = Problems()
    loaded = load_configs(find_configs(paths, problems), problems, sets)
    problems.raise_if_any()
    first = most_extended(loaded)
    loaded = {first: loaded[first]} | loaded
    scenarios = named(loaded)
    reference = next(iter(scenarios))
    from nbsmodel.run.scenario_tables import Compared, evaluate_all, scenario_tables

    threads = threads or default_threads()
    done = iter(range(len(scenarios)))

    def evaluate(name: str, scenario: Scenario) -> Result:
        step("scenarios", next(done), len(scenarios))
        return evaluate_scenario(scenario, threads)

    results = evaluate_all(scenarios, evaluate, {})
    tables = scenario_tables(Compared(scenarios, results, reference))
    if not write:
        return Comparison(scenarios, reference, tables, None)
    step("drawing the figure", 0, 0)
    with results_folder(target, force) as folder:
        for name, table in tables.items():
            table.to_csv(folder / f"{name}.csv", index=False, float_format=CSV_FORMAT, lineterminator="\n")
        _draw(folder, scenarios[reference], tables)
        _record(folder, scenarios, reference, write_copies(folder, scenarios, {}))
    return Comparison(scenarios, reference, tables, target)


def _draw(folder: Path, reference: Scenario, tables: dict[str, pd.DataFrame]) -> None:
    from nbsmodel.report.figures import write_figures
    from nbsmodel.report.figures.scenarios import draw_scenarios
    from nbsmodel.report.figures.style import finish, house_style

    with house_style():
        sketch = draw_scenarios(reference, tables)
    if sketch is not None:
        write_figures(folder, {"scenarios": finish("scenarios", sketch)})


def _record(folder: Path, scenarios: dict[str, Scenario], reference: str, copies: list[str]) -> None:
    from nbsmodel import __version__

    files = dict.fromkeys(f for s in scenarios.values() for f in s.files)
    manifest = {
        "nbsmodel": __version__,
        "scenarios": {name: s.title for name, s in scenarios.items()},
        "reference": reference,
        "inputs": {shown(f): hashlib.sha256(f.read_bytes()).hexdigest() for f in files},
        "run_again": f"nbsmodel scenarios {' '.join(copies)} --out again",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
