"""The standing check: every model that both engines can run gives the same on both, within 4 standard errors.

The cohort engine is exact; the simulation must be around it. A run over many draws at base values is many
independent samples at once, so every account, discounted or not, and every state has a standard error from the
spread of its own sample means. The limit for these is the quantile of Student's t that is as rare as 4 normal
standard errors; the errors that the simulation reports are held against 4 themselves.
"""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from micro_models import ROOT, pooled, shipped
from random_models import cases, examples
from scipy import stats

import nbsmodel
from nbsmodel.model.attributes import individual_places

FOLDERS = sorted(
    str(path.parent.relative_to(ROOT))
    for pattern in ("models/*/*/model.yaml", "tests/models/*/model.yaml")
    for path in ROOT.glob(pattern)
)
#: Why the other engine cannot run a model.
INDIVIDUAL, NO_COHORT = "uses attributes or counts", "enters no cohort"
SKIPPED = {
    "models/scid/netherlands": NO_COHORT,
    "models/scid/washington": NO_COHORT,
    "models/sma/ecrd2020_us": NO_COHORT,
    "models/sma/uk_children": INDIVIDUAL,
    "tests/models/sick_sicker_microsim": INDIVIDUAL,
    "tests/models/sumatriptan": NO_COHORT,
}
SAMPLES = 100
#: Child-cycles of a model; children in a sample are at most so many.
WORK, MOST = 7e8, 10_000
LIMIT = 4.0
RARE = stats.norm.sf(LIMIT)


def limit(samples):
    """Of a mean of sample means over its own error."""
    return float(stats.t.isf(RARE, samples - 1))


@cache
def runs(folder):
    """Exact and simulated result; every draw of the simulation is at base values."""
    model = shipped(folder)
    name, row = next(iter(model.parameters.rows.items()))
    exact = nbsmodel.evaluate(model, keep_trace=True)
    cycles = sum(grid.n for grid in exact.grids.values()) * len(exact.strategies)
    children = min(MOST, int(WORK / (SAMPLES * cycles)))
    draws = {name: np.full(SAMPLES, row.value)}
    how = {"engine": "microsimulation", "individuals": children, "seed": 11, "keep_trace": True, "threads": 2}
    simulated = nbsmodel.evaluate(model, draws, **how)
    return exact, simulated


def reason(folder):
    model = shipped(folder)
    if individual_places(model):
        return INDIVIDUAL
    return NO_COHORT if not model.cohorts else ""


def test_models_are_skipped_for_their_reason_only():
    """A new model is run without being named here; one that cannot be is named with its reason."""
    assert {f: reason(f) for f in FOLDERS if reason(f)} == SKIPPED
    assert len(FOLDERS) - len(SKIPPED) >= 10
    for folder, why in SKIPPED.items():
        engine = "cohort" if why == INDIVIDUAL else "microsimulation"
        with pytest.raises(nbsmodel.InputError):
            nbsmodel.evaluate(shipped(folder), engine=engine)


both = pytest.mark.parametrize("folder", [f for f in FOLDERS if f not in SKIPPED])


def z_scores(samples, exact, axis=0):
    """Distance of the mean of sample means from the exact value, in standard errors from their spread.

    Where samples do not differ they must be the exact value to 1e-9: distance 0, or infinite.
    """
    n = samples.shape[axis]
    mean, error = samples.mean(axis=axis), samples.std(axis=axis, ddof=1) / np.sqrt(n)
    scale = np.maximum(np.abs(exact), np.abs(samples).max(axis=axis))
    still = error <= 1e-11 * scale
    off = np.where(np.abs(mean - exact) <= 1e-9 * scale, 0.0, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(still, off, (mean - exact) / error)


def account_scores(exact, simulated):
    """By account and whether discounted: scores of each strategy."""
    keys = exact.sums.keys() | simulated.sums.keys()
    nothing = np.zeros((1, 1))
    return {
        key: z_scores(
            np.broadcast_to(simulated.sums.get(key, nothing), (simulated.draws, len(simulated.strategies))),
            np.broadcast_to(exact.sums.get(key, nothing)[0], (len(exact.strategies),)),
        )
        for key in keys
    }


def state_times(result, cohort):
    """Years in each state, (draw, strategy, state): each row counted for the cycle that it begins."""
    lengths = np.diff(result.grids[cohort].times)
    return np.einsum("dsrk,r->dsk", result.trace(cohort)[:, :, :-1], lengths)


def reported_scores(exact, simulated):
    """By outcome: distance of means and increments over the error that the simulation reports."""
    error = simulated.simulation
    found = {}
    for outcome in simulated.model.outcomes:
        difference = simulated.by_strategy(outcome).mean(axis=0) - exact.by_strategy(outcome)[0]
        size = np.abs(exact.by_strategy(outcome)[0]).max()
        for s, strategy in enumerate(simulated.strategies):
            ours = [(strategy, difference[s], pooled(error.of_mean(outcome, s)))]
            if s != error.comparator:
                increment = difference[s] - difference[error.comparator]
                ours.append((f"{strategy}, increment", increment, pooled(error.of_increment(outcome, s))))
            for name, off, se in ours:
                exactly = 0.0 if abs(off) <= 1e-9 * size else np.inf
                found[outcome, name] = exactly if se <= 1e-11 * size else off / se
    return found


@both
def test_outcomes_and_increments(folder):
    """Discounted, with the error that the simulation itself reports; increments with the same luck in both arms."""
    far = {key: z for key, z in reported_scores(*runs(folder)).items() if abs(z) >= LIMIT}
    assert not far


@both
def test_accounts(folder):
    """Every component of every outcome and perspective, discounted and undiscounted."""
    scores = account_scores(*runs(folder))
    assert not {key: z for key, z in scores.items() if np.abs(z).max() >= limit(SAMPLES)}


@both
def test_increments_of_accounts(folder):
    """Undiscounted increments too, from the spread of sample increments."""
    exact, simulated = runs(folder)
    c = simulated.simulation.comparator
    for outcome in simulated.model.outcomes:
        for discounted in (True, False):
            ours, theirs = simulated.by_strategy(outcome, discounted), exact.by_strategy(outcome, discounted)
            scores = z_scores(ours - ours[:, [c]], (theirs - theirs[:, [c]])[0])
            assert np.abs(scores).max() < limit(SAMPLES), (outcome, discounted)


@both
def test_time_in_states(folder):
    """Years in each state, from the spread of sample means."""
    exact, simulated = runs(folder)
    for cohort in simulated.model.cohorts:
        scores = z_scores(state_times(simulated, cohort), state_times(exact, cohort)[0])
        assert np.abs(scores).max() < limit(SAMPLES), cohort


@both
def test_every_row_of_the_trace(folder):
    """In a row and state there are binomially many children: exact limits, also for states that few ever reach.

    As many comparisons as there are rows, states and strategies; together they fail by chance as often as
    a single one beyond 4 standard errors.
    """
    exact, simulated = runs(folder)
    mass = simulated.simulation.mass[:1, :, None, None]
    children = simulated.simulation.individuals
    people = SAMPLES * children
    for cohort in simulated.model.cohorts:
        counts = np.rint(simulated.trace(cohort) / mass * children).sum(axis=0).astype(int)
        share = np.clip(exact.trace(cohort) / mass, 0, 1)[0]
        rare = RARE / counts.size
        assert np.all(stats.binom.cdf(counts, people, share) > rare)
        assert np.all(stats.binom.sf(counts - 1, people, share) > rare)
        assert np.all(counts.sum(axis=2) <= people)


@both
def test_reported_errors_are_the_spread_of_samples(folder):
    """The variance between samples of a total is the one that each sample reports, by chi-square."""
    _, simulated = runs(folder)
    error = simulated.simulation
    for outcome in simulated.model.outcomes:
        for s in range(len(simulated.strategies)):
            reported = np.mean(np.square(error.of_mean(outcome, s)))
            means = simulated.by_strategy(outcome)[:, s]
            if reported > (1e-11 * np.abs(means).max()) ** 2:
                statistic = (SAMPLES - 1) * means.var(ddof=1) / reported
                assert 1e-4 < stats.chi2.sf(statistic, SAMPLES - 1) < 1 - 1e-4, (outcome, s)


# --- random models ---------------------------------------------------------------------------

#: Samples of each draw of a random model, and children in each.
REPEATS, EACH = 60, 1000


def check_random(case):
    """Clocks, tunnels, unequal cycles, delays, several entries and cohorts, every draw; on both engines."""
    try:
        exact = case.run(case.draws, keep_trace=True)
    except nbsmodel.InputError:
        return False
    repeated = {name: np.repeat(values, REPEATS) for name, values in case.draws.items()}
    how = {"engine": "microsimulation", "individuals": EACH, "seed": 5, "keep_trace": True}
    entered = any(trace[:, :, 0].any() for trace in exact.traces.values())
    if not entered:
        return False
    simulated = case.run(repeated, **how)
    shape = (exact.draws, REPEATS)
    keys = exact.sums.keys() | simulated.sums.keys()
    for key in keys:
        ours = simulated.sums.get(key, np.zeros((exact.draws * REPEATS, 1)))
        theirs = exact.sums.get(key, np.zeros((exact.draws, 1)))
        scores = z_scores(ours.reshape(*shape, -1), theirs, axis=1)
        assert np.abs(scores).max() < limit(REPEATS), (key, scores)
    for name in exact.traces:
        ours = state_times(simulated, name).reshape(*shape, *exact.trace(name).shape[1::2])
        scores = z_scores(ours, state_times(exact, name), axis=1)
        assert np.abs(scores).max() < limit(REPEATS), (name, scores)
    return True


@examples(6)
@given(case=cases())
def test_random_models(case):
    """A handful; NBSMODEL_FUZZ tries more."""
    check_random(case)
