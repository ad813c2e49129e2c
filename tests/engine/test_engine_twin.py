"""The engine against its slow twin on random models: every total, leaf and row of the trace."""

import numpy as np
import pytest
from hypothesis import given
from random_models import cases, examples
from slow_twin import Twin

#: Of the value; a sum of amounts of both signs is held to the sum of their sizes.
EXACT = 1e-12


@examples(80)
@given(cases())
def test_engine_and_twin_agree(case):
    model = case.model
    result = case.run(case.draws, keep_trace=True)
    for d in range(result.draws):
        drawn = {name: column[d] for name, column in case.draws.items()}
        for s, strategy in enumerate(model.strategies):
            twin = Twin(model, case.settings, strategy, drawn)
            for account, discounted in result.sums:
                key = (account.outcome, account.component, account.perspective, discounted)
                size = twin.sizes.pop(key, 0.0)
                expected = pytest.approx(twin.totals[key], rel=EXACT, abs=EXACT * size)
                assert result.sums[account, discounted][d, s] == expected, (key, strategy.name, d)
            assert not any(twin.sizes.values())
            leaves = [(tuple(b.name for b in leaf.path), leaf.probability[d, s]) for leaf in result.leaves]
            assert dict(leaves) == pytest.approx(dict(twin.leaves), rel=EXACT, abs=1e-16)
            for cohort in model.cohorts:
                trace = result.trace(cohort)[d, s]
                for i, state in enumerate(result.states(cohort)):
                    expected = [twin.traces[cohort, row, state] for row in range(len(trace))]
                    np.testing.assert_allclose(trace[:, i], expected, rtol=EXACT, atol=1e-15)
