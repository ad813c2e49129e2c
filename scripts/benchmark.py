r"""Time the engines on reference workloads, each beside other programs in the same run.

====== ======================================================================================
A      cohort PSA: Sick-Sicker, 4 strategies, 75 cycles, 10,000 draws (``tests/models/sick_sicker_bench``)
B      microsimulation: 100,000 people, 30 cycles, 2 arms (``tests/models/sick_sicker_microsim``)
B75    the same over 75 cycles
BPSA   the same over 30 cycles: 1,000 people for each of 1,000 draws
L      a lifetime monthly cohort: 1,200 cycles, 8 states, 2 strategies
H      heterogeneous against homogeneous people, in B
T      two threads against one, in BPSA and with ten million people
S      a second process with everything compiled before: start to the first result of a small run
M      peak memory of BPSA and of ten million people, each in a process of its own
====== ======================================================================================

A reference is any command that prints a JSON line with ``seconds`` for its own run of a workload; the
ratio to it is what counts. Runs of ours and of the references take turns, so that a busy machine slows
both; the median is shown. For example::

    python scripts/benchmark.py A BPSA --data data \
        --reference "A:c=./limit cohort data 1 21 simd" --reference "BPSA:c=./limit micro data 1 7 simd 1000 30 psa"
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
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import nbsmodel

MODELS = Path(__file__).resolve().parents[1] / "tests" / "models"
PEOPLE = 100_000
# not getrusage, in whose figure a child begins with the size of its parent
PEAK = "; print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])"
WORKS = ("A", "B", "B75", "BPSA", "L", "H", "T", "S", "M")


def main() -> None:
    """Run the workloads and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"which of {', '.join(WORKS)}; default: all")
    parser.add_argument("--data", type=Path, help="folder with cohort.csv and micro.csv; default: draws made here")
    parser.add_argument("--reference", action="append", default=[], metavar="WORK:NAME=COMMAND")
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--profile", action="store_true", help="where the time of A and BPSA goes")
    args = parser.parse_args()
    bench = Bench(args.data, args.reference, args.repeat)
    for work in args.works or WORKS:
        getattr(bench, f"work_{work.lower()}")()
    if args.profile:
        bench.profile()


class Bench:
    """All workloads."""

    def __init__(self, data: Path | None, references: list[str], repeat: int) -> None:
        self.data, self.repeat = data, repeat
        self.references = [tuple(text.split("=", 1)) for text in references]
        self.cohort = nbsmodel.load_model(MODELS / "sick_sicker_bench")
        self.people = nbsmodel.load_model(MODELS / "sick_sicker_microsim")

    def draws(self, model: Any, name: str, n: int) -> dict[str, np.ndarray]:
        """Draws of a file of the data folder, or made here."""
        table = pd.read_csv(self.data / name) if self.data else pd.DataFrame(model.parameters.draws(n, seed=1))
        return {column: table[column].to_numpy() for column in table}

    def simulate(self, individuals: int, draws: Any = None, model: Any = None, **more: Any) -> Any:
        """One microsimulation."""
        model = model or self.people
        return nbsmodel.evaluate(model, draws, engine="microsimulation", individuals=individuals, **more)

    def compare(self, work: str, run: Callable[[], Any]) -> Any:
        """Our time and that of each reference, taking turns."""
        result = run()
        ours: list[float] = []
        theirs: dict[str, list[float]] = {}
        for _ in range(self.repeat):
            run()  # as the references do, which repeat their work and leave out the first time
            ours += [seconds_of(run) for _ in range(4)]
            for label, command in self.references:
                of, _, name = label.partition(":")
                if of == work and (len(theirs.get(name, [])) < 3 or theirs[name][0] < 1):  # slow ones three times
                    done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=True)
                    theirs.setdefault(name, []).append(json.loads(done.stdout.strip().splitlines()[-1])["seconds"])
        mine = statistics.median(ours)
        print(f"{work}: nbsmodel {mine:.4f} s (best {min(ours):.4f})", flush=True)
        for name, times in theirs.items():
            other = statistics.median(times)
            ratio = f"nbsmodel / {name} = {mine / other:.3g}, {name} / nbsmodel = {other / mine:.3g}"
            print(f"    {name}: {other:.4f} s; {ratio}; of the best {min(ours) / min(times):.3g}")
        return result

    def means(self, result: Any) -> None:
        """Means over draws."""
        for strategy in result.strategies:
            cost, qaly = result.total("cost", strategy).mean(), result.total("qaly", strategy).mean()
            print(f"    {strategy:14s} cost {cost:.3f} qaly {qaly:.6f}")

    def work_a(self) -> None:
        draws = self.draws(self.cohort, "cohort.csv", 10_000)
        self.means(self.compare("A", lambda: nbsmodel.evaluate(self.cohort, draws)))

    def work_b(self, work: str = "B", settings: dict[str, str] | None = None) -> None:
        result = self.compare(work, lambda: self.simulate(PEOPLE, settings=settings))
        self.means(result)
        error = result.simulation
        cost, qaly = float(error.of_increment("cost", 1)[0]), float(error.of_increment("qaly", 1)[0])
        print(f"    standard error of the increments: cost {cost:.1f}, qaly {qaly:.6f}")

    def work_b75(self) -> None:
        self.work_b("B75", {"horizon": "75 years"})

    def work_bpsa(self) -> None:
        draws = self.draws(self.people, "micro.csv", 1_000)
        self.means(self.compare("BPSA", lambda: self.simulate(1_000, draws)))

    def work_l(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            write_lifetime_model(Path(name))
            model = nbsmodel.load_model(name)
            rng = np.random.default_rng(1)
            for n in (250, 1000, 2000):
                draws = {
                    name: row.value * rng.uniform(0.9, 1.1, n)
                    for name, row in model.parameters.rows.items()
                    if row.unit != "utility"
                }
                nbsmodel.evaluate(model, draws)
                times = {1: [], 2: []}
                for _ in range(max(3, self.repeat // 3)):
                    for threads in (1, 2):
                        times[threads].append(
                            seconds_of(lambda d=draws, t=threads: nbsmodel.evaluate(model, d, threads=t))
                        )
                one, two = statistics.median(times[1]), statistics.median(times[2])
                print(f"L: {n} draws, {one:.3f} s; two threads {one / two:.2f} times as fast; peak {peak():.0f} MB")

    def work_h(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            kinds = {
                "alike": Path(name) / "alike",
                "effect": MODELS / "sick_sicker_microsim",
                "more": Path(name) / "more",
            }
            write_people(kinds["alike"], alike=True)
            write_people(kinds["more"], alike=False)
            models = {kind: nbsmodel.load_model(folder) for kind, folder in kinds.items()}
            times: dict[str, list[float]] = {kind: [] for kind in kinds}
            for _ in range(self.repeat + 1):
                for kind, model in models.items():
                    times[kind].append(seconds_of(lambda m=model: self.simulate(2 * PEOPLE, model=m)))
            alike, effect, more = (statistics.median(times[kind][1:]) for kind in ("alike", "effect", "more"))
            print(f"H: alike {alike:.4f} s; effect of treatment by person {effect / alike:.2f} times that;")
            print(f"    and sex, and a gamma frailty in both death rates, {more / alike:.2f} times")

    def work_t(self) -> None:
        draws = self.draws(self.people, "micro.csv", 1_000)
        works = {"BPSA": partial(self.simulate, 1_000, draws), "10^7 people": partial(self.simulate, 10**7)}
        for name, run in works.items():
            times: dict[int, list[float]] = {1: [], 2: []}
            for _ in range(max(3, self.repeat // 3)):
                for threads in times:
                    times[threads].append(seconds_of(partial(run, threads=threads)))
            one, two = statistics.median(times[1]), statistics.median(times[2])
            print(f"T: {name}: one thread {one:.4f} s, two threads {two:.4f} s, {one / two:.2f} times as fast")

    def work_s(self) -> None:
        for engine in ("cohort", "microsimulation"):
            run = (
                f"import nbsmodel; m = nbsmodel.load_model({str(MODELS / 'krijkamp_simple')!r}); "
                f"print(nbsmodel.evaluate(m, engine={engine!r}, individuals=1000).total('qaly', 'treatment'))"
            )
            process = partial(subprocess.run, [sys.executable, "-c", run], check=True, capture_output=True)
            times = [seconds_of(process) for _ in range(max(3, self.repeat // 3) + 1)]
            print(f"S: second process, {engine}: {statistics.median(times[1:]):.2f} s (first {times[0]:.2f})")

    def work_m(self) -> None:
        folder = str(MODELS / "sick_sicker_microsim")
        head = f"import nbsmodel; m = nbsmodel.load_model({folder!r}); k = dict(engine='microsimulation'); "
        for name, run in {
            "a small run": "nbsmodel.evaluate(m, individuals=1000, **k)",
            "BPSA": "nbsmodel.evaluate(m, m.parameters.draws(1000, seed=1), individuals=1000, **k)",
            "10^7 people": "nbsmodel.evaluate(m, individuals=10**7, **k)",
            "10^7 people, two threads": "nbsmodel.evaluate(m, individuals=10**7, threads=2, **k)",
        }.items():
            done = subprocess.run([sys.executable, "-c", head + run + PEAK], check=True, capture_output=True, text=True)
            print(f"M: {name}: peak {int(done.stdout) / 1024:.0f} MB")

    def profile(self) -> None:
        """Where the time goes, by function."""
        import cProfile
        import pstats

        cohort, people = self.draws(self.cohort, "cohort.csv", 10_000), self.draws(self.people, "micro.csv", 1_000)
        for name, run in {
            "A": lambda: nbsmodel.evaluate(self.cohort, cohort),
            "BPSA": lambda: self.simulate(1_000, people),
        }.items():
            run()
            profiler = cProfile.Profile()
            profiler.runcall(run)
            print(f"profile of {name}")
            pstats.Stats(profiler).sort_stats("tottime").print_stats(12)


def write_people(folder: Path, alike: bool) -> None:
    """The microsimulation without what differs between people, or with more of it."""
    source = MODELS / "sick_sicker_microsim"
    folder.mkdir()
    for name in ("parameters.csv", "sources.yaml"):
        (folder / name).write_text((source / name).read_text())
    text = (source / "model.yaml").read_text()
    head, rest = text.split("attributes:\n")
    effect, rest = rest.split("\n", 1)
    if alike:
        text = head + rest.replace("X * (u_Trt", "1 * (u_Trt")
    else:
        more = '  frailty: {distribution: "gamma(mean=1, se=0.3)"}\n  sex: {values: {0: 0.5, 1: rest}}\n'
        rest = rest.replace("-r_HD * rr", "-r_HD * frailty * rr").replace(
            "value: c_S1}", "value: c_S1 * (1 + 0.1 * sex)}"
        )
        text = f"{head}attributes:\n{effect}\n{more}{rest}"
    (folder / "model.yaml").write_text(text)


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


def seconds_of(run: Callable[[], Any]) -> float:
    """Seconds of one run."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def scale() -> int:
    """Units of the system's memory figure in a megabyte."""
    return 1024 if sys.platform != "darwin" else 1024**2


def peak() -> float:
    """Peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale()


if __name__ == "__main__":
    main()
