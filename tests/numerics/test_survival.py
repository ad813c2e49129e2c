"""Parametric survival against closed forms, SciPy, high precision and its own definitions."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from nbsmodel.numerics import survival

FAMILIES: dict[str, tuple[float, ...]] = {
    "exponential": (0.1,),
    "weibull": (1.5, 10.0),
    "gompertz": (0.08, 0.01),
    "loglogistic": (2.0, 8.0),
    "lognormal": (2.0, 0.5),
    "gengamma": (2.0, 0.6, 0.7),
}


def function(family, kind):
    return getattr(survival, f"{family}_{kind}")


def slow_twin(family, parameters):
    """The same distribution from SciPy."""
    match family:
        case "exponential":
            return stats.expon(scale=1 / parameters[0])
        case "weibull":
            return stats.weibull_min(parameters[0], scale=parameters[1])
        case "gompertz":
            shape, rate = parameters
            return stats.gompertz(rate / shape, scale=1 / shape)
        case "loglogistic":
            return stats.fisk(parameters[0], scale=parameters[1])
        case "lognormal":
            return stats.lognorm(parameters[1], scale=np.exp(parameters[0]))
        case _:
            # scipy: density proportional to x^(c a - 1) exp(-x^c)
            mu, sigma, q = parameters
            c = q / sigma
            return stats.gengamma(q**-2, c, scale=np.exp(mu) * q ** (2 / c))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (survival.weibull_survival(5, 1.5, 10), 0.7021885013265596),  # exp(-0.5^1.5)
        (survival.weibull_prob(0, 1, 1.5, 10), 0.031128005659924574),  # 1 - S(1)
        (survival.weibull_prob(1, 1, 1.5, 10), 0.05618012601337807),  # 1 - S(2)/S(1)
        (survival.weibull_prob(2, 1, 1.5, 10), 0.07213965530535504),  # 1 - S(3)/S(2)
        (survival.weibull_survival(7.832197687746514, 1.5, 10), 0.5),  # median, scale log(2)^(1/shape)
        (survival.gompertz_survival(40, 0.08, 0.01), 0.052782991299862914),  # exp(-(e^3.2-1)/8)
        (survival.gompertz_survival(23.48410638062951, 0.08, 0.01), 0.5),  # median
        (survival.loglogistic_survival(8, 2, 8), 0.5),  # the scale is the median
        (survival.lognormal_survival(10, 2, 0.5), 0.27253296168426244),  # normal tail of (log 10 - 2)/0.5
        (survival.lognormal_survival(7.38905609893065, 2, 0.5), 0.5),  # median exp(2)
        (survival.exponential_prob(3, 1, 0.2), 0.18126924692201818),  # 1 - exp(-0.2)
    ],
)
def test_closed_forms(found, expected):
    assert found == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(
    ("family", "parameters", "mean"),
    [
        ("exponential", (0.1,), 10.0),  # 1 / rate
        ("weibull", (1.5, 10.0), 9.027452929509337),  # scale Gamma(1 + 1/shape)
        ("gompertz", (0.08, 0.01), 22.994778166212154),  # exp(b) E1(b) / shape with b = rate / shape
        ("loglogistic", (2.0, 8.0), 12.566370614359172),  # scale (pi/shape) / sin(pi/shape)
        ("lognormal", (2.0, 0.5), 8.372897488127265),  # exp(meanlog + sdlog^2/2)
    ],
)
def test_area_under_survival_is_the_mean(family, parameters, mean):
    area, _ = integrate.quad(lambda t: function(family, "survival")(t, *parameters), 0, np.inf, limit=200)
    assert area == pytest.approx(mean, rel=1e-7)


def test_restricted_mean():
    area, _ = integrate.quad(lambda t: survival.weibull_survival(t, 1.5, 10), 0, 20)
    assert area == pytest.approx(8.7725246608749, rel=1e-10)


@pytest.mark.parametrize("family", FAMILIES)
def test_agrees_with_scipy(family):
    parameters = FAMILIES[family]
    twin = slow_twin(family, parameters)
    t = np.array([0.01, 0.5, 1, 3, 8, 15, 25])
    np.testing.assert_allclose(function(family, "survival")(t, *parameters), twin.sf(t), rtol=1e-10)
    np.testing.assert_allclose(function(family, "hazard")(t, *parameters), twin.pdf(t) / twin.sf(t), rtol=1e-9)
    dt = np.array([0.1, 1, 5])[:, np.newaxis]
    ratio = twin.sf(t + dt) / twin.sf(t)
    np.testing.assert_allclose(function(family, "prob")(t, dt, *parameters), 1 - ratio, rtol=1e-8, atol=1e-15)
    np.testing.assert_allclose(
        function(family, "mean_hazard")(t, dt, *parameters), -np.log(ratio) / dt, rtol=1e-8, atol=1e-13
    )


# t, mu, sigma, q, H(t), h(t): the definition evaluated with 80 digits (mpmath's incomplete gamma
# function, h by a difference over 1e-20).
GENGAMMA_HIGH_PRECISION = [
    (0.5, 1, 0.5, 0.7, 0.0145142750436618, 0.0783865966922647),
    (6, 1, 0.5, -0.7, 1.9768228603547, 0.376735828676305),
    (20, 1, 0.5, 0.3, 15.3992735071724, 0.810907170589902),
    (1000, 1, 0.5, -0.3, 30.6984117381808, 0.00649040272055217),
    (4, 1, 0.05, -0.004, 32.5037912425487, 38.6558208584143),
    (5, 1, 0.05, 0.002, 78.3285099616987, 49.6820651419062),
    (100, 1, 0.5, 0, 28.9073461849215, 0.146882916848937),
    (3, 1, 0.5, 2.5, 1.82471089175371, 1.10455544383518),
    (0.5, 1, 0.2, 0.05, 1.49712062962558e-15, 1.04708666893559e-13),
    (60, 1, 0.5, 1.5, 4784.95499128407, 239.005700134842),
]


@pytest.mark.parametrize(("t", "mu", "sigma", "q", "cumulative", "hazard"), GENGAMMA_HIGH_PRECISION)
def test_gengamma_against_high_precision(t, mu, sigma, q, cumulative, hazard):
    assert survival.gengamma_hazard(t, mu, sigma, q) == pytest.approx(hazard, rel=1e-11)
    # over (0, t] the mean hazard is H(t) / t
    assert survival.gengamma_mean_hazard(0, t, mu, sigma, q) * t == pytest.approx(cumulative, rel=1e-11)


@settings(deadline=None)
@given(t=st.floats(0.01, 50), mu=st.floats(-1, 3), sigma=st.floats(0.2, 2))
def test_gengamma_special_cases(t, mu, sigma):
    for kind, times in (("survival", (t,)), ("hazard", (t,)), ("prob", (t, 1)), ("mean_hazard", (t, 1))):
        general = function("gengamma", kind)
        weibull = function("weibull", kind)(*times, 1 / sigma, np.exp(mu))
        lognormal = function("lognormal", kind)(*times, mu, sigma)
        assert general(*times, mu, sigma, 1) == pytest.approx(weibull, rel=1e-8, abs=1e-14)
        assert general(*times, mu, sigma, 0) == pytest.approx(lognormal, rel=1e-12, abs=1e-300)
        # continuous in q, though both sides are computed by another formula
        for q in (-1e-7, 1e-7):
            assert general(*times, mu, sigma, q) == pytest.approx(lognormal, rel=1e-3, abs=1e-14)


@pytest.mark.parametrize("a", [2.0, 5.0])
def test_gengamma_with_q_equal_sigma_is_gamma(a):
    # shape a = sigma^-2, scale exp(mu) / a
    sigma, mu = a**-0.5, 1.2
    t = np.array([0.1, 1, 4, 20])
    twin = stats.gamma(a, scale=np.exp(mu) / a)
    np.testing.assert_allclose(survival.gengamma_survival(t, mu, sigma, sigma), twin.sf(t), rtol=1e-11)


@settings(deadline=None)
@given(t=st.floats(0, 100), dt=st.floats(0.01, 10), rate=st.floats(0, 2))
def test_weibull_and_gompertz_contain_the_exponential(t, dt, rate):
    for kind, times in (("survival", (t,)), ("hazard", (t,)), ("prob", (t, dt)), ("mean_hazard", (t, dt))):
        expected = function("exponential", kind)(*times, rate)
        assert function("gompertz", kind)(*times, 0, rate) == pytest.approx(expected, rel=1e-12)
        if rate > 1e-6:
            assert function("weibull", kind)(*times, 1, 1 / rate) == pytest.approx(expected, rel=1e-11)


@st.composite
def family_and_parameters(draw):
    positive = st.floats(0.1, 10)
    family = draw(st.sampled_from(sorted(FAMILIES)))
    strategies = {
        "exponential": (st.floats(0, 3),),
        "weibull": (positive, positive),
        "gompertz": (st.floats(-0.5, 0.5), st.floats(0, 1)),
        "loglogistic": (positive, positive),
        "lognormal": (st.floats(-2, 4), positive),
        "gengamma": (st.floats(-2, 4), positive, st.floats(-3, 3)),
    }[family]
    return family, tuple(draw(strategy) for strategy in strategies)


@settings(deadline=None, max_examples=300)
@given(case=family_and_parameters(), t=st.floats(0, 200), dt=st.floats(0.001, 20))
def test_definitions_hold_for_any_parameters(case, t, dt):
    family, parameters = case
    now, later = function(family, "survival")(np.array([t, t + dt]), *parameters)
    prob = function(family, "prob")(t, dt, *parameters)
    mean_hazard = function(family, "mean_hazard")(t, dt, *parameters)
    assert 0 <= later <= now * (1 + 1e-12)  # equal but for rounding where nothing happens any more
    assert now <= 1
    assert 0 <= prob <= 1
    assert mean_hazard >= 0
    assert function(family, "survival")(0, *parameters) == 1
    assert function(family, "hazard")(t, *parameters) >= 0
    assert prob == pytest.approx(-np.expm1(-mean_hazard * dt), rel=1e-12, abs=1e-300)
    if now > 1e-200:
        assert 1 - prob == pytest.approx(later / now, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_mean_hazard_over_a_short_step_is_the_hazard(family):
    t = np.array([0.5, 5, 50])
    hazard = function(family, "hazard")(t, *FAMILIES[family])
    short = function(family, "mean_hazard")(t, 1e-6, *FAMILIES[family])
    np.testing.assert_allclose(short, hazard, rtol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_far_in_the_tail_where_survival_is_zero(family):
    parameters = FAMILIES[family]
    t = 1e5 if family == "exponential" else 2e3
    if family == "gompertz":
        t = 200.0
    if family in ("lognormal", "gengamma", "loglogistic"):
        t = 1e12
    prob = function(family, "prob")(t, t / 100, *parameters)
    hazard = function(family, "hazard")(t, *parameters)
    mean_hazard = function(family, "mean_hazard")(t, t / 1e4, *parameters)
    assert 0 < prob <= 1
    assert mean_hazard == pytest.approx(hazard, rel=1e-2)


def test_hazard_at_zero():
    assert np.isposinf(survival.weibull_hazard(0, 0.5, 1))
    assert survival.weibull_hazard(0, 1, 4) == 0.25
    assert survival.weibull_hazard(0, 2, 4) == 0
    assert np.isposinf(survival.loglogistic_hazard(0, 0.5, 1))
    assert survival.loglogistic_hazard(0, 1, 4) == 0.25
    assert survival.lognormal_hazard(0, 1, 1) == 0
    assert np.isposinf(survival.gengamma_hazard(0, 1, 2, 1))
    assert survival.gengamma_hazard(0, 0, 1, 1) == pytest.approx(1)
    assert survival.gengamma_hazard(0, 0, 0.5, 1) == 0
    assert survival.gengamma_hazard(0, 0, 0.5, -1) == 0


def test_gompertz_with_falling_hazard_leaves_survivors():
    # H(infinity) = -rate / shape
    assert survival.gompertz_survival(1e4, -0.1, 0.05) == pytest.approx(np.exp(-0.5), rel=1e-12)


def test_overflowing_hazard_is_certain_death_and_no_time_is_none():
    assert survival.gompertz_prob(1e5, 1, 0.1, 0.1) == 1
    assert survival.gompertz_prob(1e5, 1, 0.1, 0) == 0
    assert survival.gompertz_prob(1e5, 0, 0.1, 0.1) == 0
    assert survival.gengamma_prob(1e300, 1, 0, 0.1, 1) == 1


INVALID: dict[str, list[tuple[float, ...]]] = {
    "exponential": [(-0.1,), (np.nan,), (np.inf,)],
    "weibull": [(0, 1), (-1, 1), (1, 0), (1, -1), (np.nan, 1), (1, np.inf)],
    "gompertz": [(0.1, -0.1), (np.nan, 0.1), (np.inf, 0.1)],
    "loglogistic": [(0, 1), (1, 0), (-1, 1), (1, np.nan)],
    "lognormal": [(0, 0), (0, -1), (np.nan, 1), (np.inf, 1)],
    "gengamma": [(0, 0, 1), (0, -1, 1), (0, 1, np.nan), (0, 1, np.inf), (np.nan, 1, 1)],
}


@pytest.mark.parametrize("family", FAMILIES)
def test_invalid_input_gives_nan_and_no_warning(family):
    valid = FAMILIES[family]
    for kind, times in (("survival", (1,)), ("hazard", (1,)), ("prob", (1, 1)), ("mean_hazard", (1, 1))):
        for parameters in INVALID[family]:
            assert np.isnan(function(family, kind)(*times, *parameters))
        for t in (-1, np.nan, np.inf):
            assert np.isnan(function(family, kind)(t, *times[1:], *valid))
    for dt in (-1, np.nan, np.inf):
        assert np.isnan(function(family, "prob")(1, dt, *valid))
        assert np.isnan(function(family, "mean_hazard")(1, dt, *valid))
    assert np.isnan(function(family, "mean_hazard")(1, 0, *valid))
    assert function(family, "prob")(1, 0, *valid) == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_broadcasts_like_numpy_one_element_at_a_time(family):
    parameters = [np.array([[value], [value * 1.1], [-1.0]]) for value in FAMILIES[family]]
    t = np.array([0.0, 1.0, -1.0, 5.0])
    together = function(family, "prob")(t, 0.5, *parameters)
    assert together.shape == (3, 4)
    for i in range(3):
        for j in range(4):
            alone = function(family, "prob")(t[j], 0.5, *(p[i, 0] for p in parameters))
            np.testing.assert_allclose(together[i, j], alone, rtol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", ["survival", "hazard", "prob", "mean_hazard"])
def test_name_signature_and_documentation(family, kind):
    found = function(family, kind)
    assert found.__name__ == f"{family}_{kind}"
    names = list(inspect.signature(found).parameters)
    assert names[: len(names) - len(FAMILIES[family])] == (["t"] if kind in ("survival", "hazard") else ["t", "dt"])
    for heading in ("Parameters", "Returns", *names):
        assert heading in found.__doc__
    assert "{" not in found.__doc__


def test_arguments_by_name_and_wrong_number():
    assert survival.weibull_survival(t=5, shape=1.5, scale=10) == survival.weibull_survival(5, 1.5, 10)
    with pytest.raises(TypeError, match="scale"):
        survival.weibull_survival(5, 1.5)
