"""Time joint programmes and budgets by year, each against what it is made of, in turns in one process.

========== ==================================================================================
panel      draws of a panel, against the draws of each of its conditions one after another
years      a model over draws with its costs in each of five years, against the same without years
========== ==================================================================================

Ratios count, not seconds. For example::

    python scripts/benchmark_programmes.py --draws 10000
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

from nbsmodel.config.panel import load_panel
from nbsmodel.config.scenario import load_scenario
from nbsmodel.engine.evaluate import evaluate
from nbsmodel.run.panel_base import run_base
from nbsmodel.run.panel_psa import run_panel_psa
from nbsmodel.run.psa import run_psa

TURNS = 5


def seconds(work: Callable[[], object]) -> float:
    """Time of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def compare(name: str, ours: Callable[[], object], reference: Callable[[], object]) -> None:
    """Print both medians and the ratio, after one turn that does not count."""
    ours(), reference()
    turns = [(seconds(ours), seconds(reference)) for _ in range(TURNS)]
    ratios = sorted(a / b for a, b in turns)
    one, other = (median(t[i] for t in turns) for i in (0, 1))
    spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
    print(f"{name}: {one:.2f} s, reference {other:.2f} s, ratio {median(ratios):.2f} ({spread})")


def peak() -> float:
    """Largest memory of this process so far, in MB."""
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) / 1024


def main() -> None:
    """Run both and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--panel", type=Path, default=Path("configs/joint/sma_scid.yaml"))
    parser.add_argument("--config", type=Path, default=Path("configs/sma/uk_base_case.yaml"))
    parser.add_argument("--draws", type=int, default=10_000)
    args = parser.parse_args()

    panel = load_panel(args.panel, [f"analyses.psa.draws={args.draws}"])
    base = run_base(panel, lambda done: None)
    update = {"psa": panel.analyses.psa}
    alone = [replace(c.assay, analyses=c.assay.analyses.model_copy(update=update)) for c in panel.conditions.values()]
    compare(
        f"panel of {len(alone)}, {args.draws:,} draws",
        lambda: run_panel_psa(panel, base),
        lambda: [run_psa(scenario) for scenario in alone],
    )
    scenario = load_scenario(args.config)
    draws = scenario.model.parameters.draws(args.draws, seed=1)
    drawn = {name: column for name, column in draws.items() if name not in scenario.overrides}
    how = {"settings": scenario.settings, "base": scenario.overrides, "options": scenario.choices}
    compare(
        f"five years, {args.draws:,} draws",
        lambda: evaluate(scenario.model, drawn, years=5, **how),
        lambda: evaluate(scenario.model, drawn, **how),
    )
    print(f"peak {peak():.0f} MB")


if __name__ == "__main__":
    main()
