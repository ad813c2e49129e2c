r"""Time the analyses of uncertainty, each in a process of its own, with the peak of its memory.

========== ==================================================================================
psa        draws of the probabilistic analysis, written and read back nowhere
loop       the same model evaluated draw by draw in a Python loop, on some of the same draws
evppi      value of partial perfect information for every parameter, at every threshold
evsi       value of sample information for the designs of the config
sobol      Sobol' indices with 1,024 base samples
report     the whole run of the config, with figures and report
========== ==================================================================================

Ratios count, not seconds: ``loop`` and ``psa`` run in turns in one process. For example::

    python scripts/benchmark_uncertainty.py --config configs/sma/uk_ise_prices.yaml
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HEAD = """
import sys, time
from nbsmodel.config.scenario import load_scenario
from nbsmodel.engine.evaluate import evaluate
from nbsmodel.run.analyses import Job, wanted
from nbsmodel.run.psa import run_psa
from nbsmodel.run.run import evaluate_scenario, run
from nbsmodel.run.runs import Runs, silent

def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) / 1024

config, work = sys.argv[1], sys.argv[2]
scenario = load_scenario(config)

def job():
    return Job(scenario, evaluate_scenario(scenario), Runs(scenario), run_psa(scenario), silent)
"""
WORKS = {
    "psa": """
run_psa(load_scenario(config, ["analyses.psa.draws=200"]))  # loads and compiles
before = peak()
began = time.perf_counter()
psa = run_psa(scenario)
print(f"{len(psa.draws):,} draws: {time.perf_counter() - began:.2f} s; peak {peak():.0f} MB ({before:.0f} before)")
""",
    "loop": """
from nbsmodel.run.psa_draws import draw_source
source = draw_source(scenario)
few, times, whole = 60, [], []
columns, _ = source.part(0, few)
base = {k: v for k, v in scenario.overrides.items() if k not in columns}
def one(i):
    return evaluate(scenario.model, {k: v[i : i + 1] for k, v in columns.items()}, scenario.settings, base=base,
                    options=scenario.choices)
one(0), run_psa(scenario)
for _ in range(5):
    began = time.perf_counter()
    for i in range(few):
        one(i)
    times.append((time.perf_counter() - began) / few * source.n)
    began = time.perf_counter()
    run_psa(scenario)
    whole.append(time.perf_counter() - began)
from statistics import median
print(f"a loop over {source.n:,} draws: {median(times):.1f} s (from {few} of them); all at once {median(whole):.2f} s, "
      f"drawing parameters included: {median(times) / median(whole):.0f} times as fast "
      f"({min(t / w for t, w in zip(times, whole)):.0f} to {max(t / w for t, w in zip(times, whole)):.0f})")
""",
    "report": """
import tempfile
from pathlib import Path
with tempfile.TemporaryDirectory() as folder:
    began = time.perf_counter()
    run(config, out=Path(folder) / "out")
    print(f"{time.perf_counter() - began:.1f} s; peak {peak():.0f} MB")
""",
}
#: An analysis by its key, on draws that are made before the clock starts.
ANALYSIS = """
analysis = next(a for a in wanted(scenario) if a.key == work)
given = job()
before = peak()
began = time.perf_counter()
tables = analysis.make(given)
seconds = time.perf_counter() - began
rows = ", ".join(f"{name} {len(table)} rows" for name, table in tables.items())
print(f"{seconds:.2f} s; peak {peak():.0f} MB ({before:.0f} before); {rows}")
"""
ALL = ("psa", "loop", "evppi", "evsi", "sobol", "report")


def main() -> None:
    """Run the works and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"which of {', '.join(ALL)}; default: all")
    parser.add_argument("--config", type=Path, default=Path("configs/sma/uk_ise_prices.yaml"))
    args = parser.parse_args()
    for work in args.works or ALL:
        code = HEAD + WORKS.get(work, ANALYSIS)
        done = subprocess.run(
            [sys.executable, "-c", code, str(args.config), work], capture_output=True, text=True, check=False
        )
        print(f"{work:8s} {done.stdout.strip() or done.stderr.strip().splitlines()[-1]}", flush=True)


if __name__ == "__main__":
    main()
