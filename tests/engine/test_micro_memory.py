"""A million children, or thousands of draws, in little memory: of the whole process, with all that it imports."""

import gc
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from micro_models import shipped

import nbsmodel

LIMIT = 400e6
RUN = """
import resource
from pathlib import Path
from micro_models import shipped
import numpy as np, nbsmodel
name, individuals, draws, threads = {name!r}, {individuals}, {draws}, {threads}
model = shipped(name)
drawn = model.parameters.draws(draws, seed=1) if draws else None
how = dict(engine="microsimulation", individuals=individuals, threads=threads, keep=0 if draws else 1000)
result = nbsmodel.evaluate(model, drawn, **how)
assert result.simulation.individuals == individuals
assert np.isfinite(result.total("cost", result.strategies[0])).all()
status = Path("/proc/self/status")
if status.exists():  # getrusage there knows the parent's peak as well, from before this program was loaded
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    print(int(line.split()[1]) * 1024)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # bytes, on a Mac
"""


def peak(name, individuals, draws=0, threads=2):
    """Peak memory of a run, in bytes. Compiling, which takes more and happens once, is done beforehand."""
    _run(name, 1000, 0, 1)
    return _run(name, individuals, draws, threads)


def _run(name, individuals, draws, threads):
    path = {"PYTHONPATH": os.pathsep.join((str(Path(__file__).parent), *sys.path))}
    text = RUN.format(name=name, individuals=individuals, draws=draws, threads=threads)
    done = subprocess.run(
        [sys.executable, "-c", text], env=os.environ | path, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.parametrize("name", ["models/sma/uk", "sick_sicker_microsim"])
def test_a_million_children(name):
    """At base values."""
    assert 50e6 < peak(name, 10**6) < LIMIT


@pytest.mark.parametrize(("draws", "threads"), [(2000, 1), (1000, 2)])
def test_a_probabilistic_analysis(draws, threads):
    """Draws of 500 children each: what a block of draws needs is let go when the next one is done."""
    assert 50e6 < peak("models/sma/uk", 500, draws, threads) < LIMIT


def test_luck_of_children_is_let_go_at_once():
    """A tree with several leaves, simulated without a look for circles of references, keeps the results only."""
    how = {"engine": "microsimulation", "threads": 1, "keep": 0}
    model = shipped("models/sma/uk")
    nbsmodel.evaluate(model, individuals=1000, **how)  # compiled, and all that is cached
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        result = nbsmodel.evaluate(model, individuals=300_000, **how)
        kept, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert result.simulation.individuals == 300_000
    assert kept < 2e6 < most  # a number for each child is 2.4 MB, and each has several


@pytest.mark.slow
@pytest.mark.parametrize("name", ["models/sma/uk", "sick_sicker_microsim", "models/sma/uk_children"])
def test_ten_million_children(name):
    """No more than a million: memory does not grow with them."""
    assert 50e6 < peak(name, 10**7) < LIMIT
