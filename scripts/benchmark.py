"""Time the cohort engine on reference workloads.

Workload A: Sick-Sicker, four strategies, 75 annual cycles, as the declared model
``tests/models/sick_sicker_bench``, over a draw table (10,000 rows drawn here, or a CSV file).
Workload L: a lifetime monthly cohort, 1,200 cycles, 8 states, 2 strategies.

A reference is any command that prints a JSON line with ``seconds`` for its own workload A; the
ratio to it is what counts::

    python scripts/benchmark.py --draws cohort.csv --reference "c=./limit cohort data 1 21 simd"
"""

from __future__ import annotations

import argparse
import json
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import nbsmodel

BENCH = Path(__file__).resolve().parents[1] / "tests" / "models" / "sick_sicker_bench"


def main() -> None:
    """Run the workloads and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=Path, help="CSV with a column a parameter; default: 10,000 made here")
    parser.add_argument("--reference", action="append", default=[], metavar="NAME=COMMAND")
    parser.add_argument("--repeat", type=int, default=7)
    args = parser.parse_args()
    model = nbsmodel.load_model(BENCH)
    table = pd.read_csv(args.draws) if args.draws else pd.DataFrame(model.parameters.draws(10_000, seed=1))
    draws = {name: table[name].to_numpy() for name in table}
    seconds, result = timed(lambda: nbsmodel.evaluate(model, draws), args.repeat)
    print(f"A: {len(table)} draws, {seconds:.4f} s")
    for strategy in result.strategies:
        cost, qaly = result.total("cost", strategy).mean(), result.total("qaly", strategy).mean()
        print(f"   {strategy:4s} cost {cost:.3f} qaly {qaly:.6f}")
    for reference in args.reference:
        name, _, command = reference.partition("=")
        found = subprocess.run(shlex.split(command), capture_output=True, text=True, check=True)
        other = json.loads(found.stdout.strip().splitlines()[-1])["seconds"]
        print(f"   {name}: {other:.4f} s; ours / {name} = {seconds / other:.2f}")
    print(f"   peak memory so far {peak():.0f} MB")
    with tempfile.TemporaryDirectory() as folder:
        lifetime(Path(folder), args.repeat)


def lifetime(folder: Path, repeat: int) -> None:
    """Workload L over growing numbers of draws: time grows, memory does not."""
    write_lifetime_model(folder)
    model = nbsmodel.load_model(folder)
    rng = np.random.default_rng(1)
    for n in (250, 500, 1000, 2000):
        draws = {
            name: row.value * rng.uniform(0.9, 1.1, n)
            for name, row in model.parameters.rows.items()
            if row.unit != "utility"
        }
        seconds, _ = timed(lambda draws=draws: nbsmodel.evaluate(model, draws), max(1, repeat // 3))
        print(f"L: {n} draws, {seconds:.3f} s, peak memory so far {peak():.0f} MB")


def write_lifetime_model(folder: Path, states: int = 8) -> None:
    """A declared chain of states with age-dependent hazards and costs."""
    alive = range(states - 1)
    lines = [
        "title: Lifetime chain", "condition: none", "decision_problem: timing", "population: none",
        "perspective: none", "currency: GBP", 'price_year: "none"', "basis: patient",
        "strategies: {a: {on: 0}, b: {on: 1}}", "comparator: a",
        "tree: {all: {p: 1, cohort: course, start: s0}}", "cohorts:", "  course:",
        "    cycles: {length: 1 month, count: 1200}", "    states:",
        *(f"      s{i}: {{}}" for i in alive), "      dead: {dead: true}", "    transitions:",
    ]  # fmt: skip
    for i in alive:
        onward = f"s{i + 1}: {{hazard: h{i} * (1 + 0.01 * age) * (1 - 0.2 * on)}}, " if i < states - 2 else ""
        lines.append(f"      s{i}: {{{onward}dead: {{hazard: mortality * exp(0.05 * age)}}}}")
    lines.append("    payoffs:")
    for i in alive:
        lines.append(f"      - {{in: s{i}, outcome: cost, per: year, value: c{i} * (1 + 0.001 * age)}}")
        lines.append(f"      - {{in: s{i}, outcome: qaly, per: year, value: u{i}}}")
    (folder / "model.yaml").write_text("\n".join(lines) + "\n")
    rows = [f"h{i},0.05,rate,s,assumption" for i in range(states - 2)] + ["mortality,0.0005,rate,s,assumption"]
    rows += [f"c{i},{1000 * (i + 1)},GBP,s,assumption" for i in alive]
    rows += [f"u{i},{0.9 - 0.1 * i:.1f},utility,s,assumption" for i in alive]
    (folder / "parameters.csv").write_text("name,value,unit,source,status\n" + "\n".join(rows) + "\n")
    (folder / "sources.yaml").write_text("s: {citation: made for timing}\n")


def timed(run, repeat: int):
    """Median seconds over several runs after a warm-up, and the last result."""
    result = run()
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - started)
    return statistics.median(times), result


def peak() -> float:
    """Peak memory of this process in MB."""
    scale = 1024 if sys.platform != "darwin" else 1024**2
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


if __name__ == "__main__":
    main()
