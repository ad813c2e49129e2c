"""Univariate distributions: oracles, SciPy, moments, round trips and messages."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nbsmodel.model.distributions import DISTRIBUTIONS, parse_distribution

ARITHMETIC = {
    "0.5*9625/(2*1.96)": 0.5 * 9625 / (2 * 1.96),
    "(6217-4218)/(2*1.96)": (6217 - 4218) / (2 * 1.96),
    "(11307-5086)/(2*1.96)": (11307 - 5086) / (2 * 1.96),
    "(7972-5043)/(2*1.96)": (7972 - 5043) / (2 * 1.96),
    "(5579-1428)/(2*1.96)": (5579 - 1428) / (2 * 1.96),
    "max(1, 2)": 2.0,
}


def number(text):
    """Stands in for the formula language, which is tested elsewhere."""
    return ARITHMETIC[text] if text in ARITHMETIC else float(text)


def parse(text):
    return parse_distribution(text, number)


# Variable table of the total knee replacement vignette of cran/rdecision 1.3.0 (SM02-TKR): mean,
# standard deviation and 95% limits as printed, for the costs from mean and (high - low)/(2*1.96).
@pytest.mark.parametrize(
    ("text", "mean", "sd", "low", "high"),
    [
        ("gamma(mean=6234, se=(7972-5043)/(2*1.96))", 6234.0, 747.19388, 4856.10359, 7781.36874),
        ("gamma(mean=2844, se=(5579-1428)/(2*1.96))", 2844.0, 1058.92857, 1162.57272, 5264.49212),
        ("gamma(mean=7326, se=(11307-5086)/(2*1.96))", 7326.0, 1586.9898, 4552.73617, 10748.25506),
        ("gamma(mean=5197, se=(6217-4218)/(2*1.96))", 5197.0, 509.94898, 4245.72185, 6242.99975),
        ("beta(alpha=0.2112, beta=0.1088)", 0.66, 0.41231, 0.0, 1.0),
        ("beta(alpha=0.2584, beta=0.1216)", 0.68, 0.39709, 4e-05, 1.0),
        ("beta(alpha=0.2448, beta=0.0952)", 0.72, 0.38788, 5e-05, 1.0),
        ("beta(alpha=0.3024, beta=0.1176)", 0.72, 0.37679, 0.00029, 1.0),
        ("beta(alpha=0.3762, beta=0.1938)", 0.66, 0.37806, 0.00077, 1.0),
        ("beta(alpha=0.28, beta=0.52)", 0.35, 0.35551, 1e-05, 0.99536),
        ("beta(alpha=0.2652, beta=0.0748)", 0.78, 0.35785, 0.00025, 1.0),
        ("beta(alpha=0.2805, beta=0.2695)", 0.51, 0.40153, 2e-05, 0.99999),
    ],
)
def test_knee_replacement_table(text, mean, sd, low, high):
    found = parse(text)
    printed = pytest.approx([mean, sd, low, high], abs=6e-6)
    assert [found.mean(), found.sd(), *found.quantile([0.025, 0.975])] == printed


@pytest.mark.parametrize(
    ("text", "expected"),
    [  # m^2/s^2 and s^2/m; m (m(1-m)/s^2 - 1) and its complement; log scale from 1 + s^2/m^2
        ("gamma(mean=5294, se=1487)", {"shape": 12.674940721401214, "scale": 417.67453721193806}),
        ("gamma(shape=4, rate=2)", {"shape": 4, "scale": 0.5}),
        ("gamma(shape=4, scale=2)", {"shape": 4, "scale": 2}),
        ("beta(mean=0.85, se=0.03)", {"alpha": 119.56666666666668, "beta": 21.1}),
        ("beta(events=3, total=10)", {"alpha": 3, "beta": 7}),
        (
            "lognormal(mean=0.509, se=0.0880102)",
            {"meanlog": -0.6900367559584393, "sdlog": 0.17163620554431394},
        ),
        ("lognormal(meanlog=-1, sdlog=0.2)", {"meanlog": -1, "sdlog": 0.2}),
        ("normal(mean=-1, se=0.2)", {"mean": -1, "sd": 0.2}),
    ],
)
def test_parameters(text, expected):
    assert parse(text).parameters == pytest.approx(expected, rel=1e-12)


TWINS = {
    "beta(alpha=2, beta=5)": stats.beta(2, 5),
    "gamma(shape=3, scale=2)": stats.gamma(3, scale=2),
    "lognormal(meanlog=1, sdlog=0.5)": stats.lognorm(0.5, scale=math.e),
    "normal(mean=3, se=2)": stats.norm(3, 2),
    "truncated_normal(mean=0.7, se=0.2, low=0, high=1)": stats.truncnorm(-3.5, 1.5, 0.7, 0.2),
    "uniform(low=2, high=5)": stats.uniform(2, 3),
    "triangular(low=0, mode=1, high=4)": stats.triang(0.25, 0, 4),
    "pert(low=0, mode=1, high=4)": stats.beta(2, 4, 0, 4),
}
Q = np.array([0.001, 0.025, 0.3, 0.5, 0.9, 0.975, 0.9999])


@pytest.mark.parametrize("text", TWINS)
def test_agrees_with_scipy(text):
    found, twin = parse(text), TWINS[text]
    np.testing.assert_allclose(found.quantile(Q), twin.ppf(Q), rtol=1e-10)
    assert [found.mean(), found.sd()] == pytest.approx([twin.mean(), twin.std()], rel=1e-10)
    assert found.text == text
    assert found.family == text.split("(")[0]
    assert found.residuals is None


@pytest.mark.parametrize("text", [*TWINS, "gamma(mean=5, se=4)", "beta(mean=0.01, se=0.01)"])
def test_mean_and_sd_are_those_of_the_quantiles(text):
    found = parse(text)
    draws = found.quantile((np.arange(100_000) + 0.5) / 100_000)
    assert draws.mean() == pytest.approx(found.mean(), rel=1e-3)
    assert draws.std() == pytest.approx(found.sd(), rel=1e-2)
    assert np.all(np.diff(draws) >= 0)


def test_pert_has_the_classic_mean():
    assert parse("pert(low=1, mode=2, high=9)").mean() == pytest.approx((1 + 4 * 2 + 9) / 6)


def test_triangular_and_pert_with_mode_at_an_end():
    assert parse("triangular(low=0, mode=0, high=3)").mean() == pytest.approx(1)
    assert parse("pert(low=0, mode=3, high=3)").mean() == pytest.approx(2.5)


def test_truncated_normal_arguments_are_those_before_truncation():
    found = parse("truncated_normal(mean=0, se=1, low=0, high=100)")
    assert found.mean() == pytest.approx(math.sqrt(2 / math.pi))  # half-normal
    assert found.quantile([0, 1]) == pytest.approx([0, 100])


@settings(deadline=None)
@given(mean=st.floats(1e-4, 0.9999), share=st.floats(1e-3, 0.9))
def test_beta_has_the_moments_asked_for(mean, share):
    se = share * math.sqrt(mean * (1 - mean))
    found = parse(f"beta(mean={mean!r}, se={se!r})")
    assert [found.mean(), found.sd()] == pytest.approx([mean, se], rel=1e-9)


@settings(deadline=None)
@given(
    family=st.sampled_from(["gamma", "lognormal", "normal"]),
    mean=st.floats(1e-3, 1e7),
    share=st.floats(1e-3, 3),
)
def test_positive_families_have_the_moments_asked_for(family, mean, share):
    found = parse(f"{family}(mean={mean!r}; se={mean * share!r})")
    assert [found.mean(), found.sd()] == pytest.approx([mean, mean * share], rel=1e-9)


@settings(deadline=None)
@given(
    text=st.sampled_from(sorted(TWINS)),
    q=st.lists(st.floats(2**-53, 1 - 2**-53), min_size=2, max_size=20),  # the range of the uniforms
)
def test_quantiles_increase(text, q):
    found = parse(text).quantile(sorted(q))
    assert np.all(np.isfinite(found))
    # The inversions of the library agree to about ten digits, not to the last.
    assert np.all(np.diff(found) >= -1e-10 * np.abs(found[1:]))


# 95% intervals ------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    family=st.sampled_from(["beta", "gamma", "lognormal", "normal"]),
    low=st.floats(1e-5, 0.9),
    share=st.floats(1e-3, 0.999),
)
def test_interval_round_trip(family, low, share):
    high = low + share * (1 - low)
    found = parse(f"{family}(low95={low!r}, high95={high!r})")
    assert found.family == family
    assert found.quantile([0.025, 0.975]) == pytest.approx([low, high], abs=1e-6 * (high - low))


@settings(deadline=None)
@given(shape=st.floats(0.1, 1e4), second=st.floats(0.1, 1e4))
def test_interval_of_a_beta_or_gamma_gives_it_back(shape, second):
    for family, names in (("beta", ("alpha", "beta")), ("gamma", ("shape", "scale"))):
        original = parse(f"{family}({names[0]}={shape!r}, {names[1]}={second!r})")
        low, high = original.quantile([0.025, 0.975]).tolist()
        if 1e-12 < low < high and (family == "gamma" or high < 1 - 1e-9):
            found = parse(f"{family}(low95={low!r}, high95={high!r})")
            assert dict(found.parameters) == pytest.approx(dict(original.parameters), rel=1e-3)


def test_interval_of_a_normal_in_closed_form():
    found = parse("normal(low95=1, high95=5)")
    assert [found.mean(), found.sd()] == pytest.approx([3, 4 / (2 * 1.959963984540054)], rel=1e-12)


# Elicitation --------------------------------------------------------------------------------


@pytest.mark.parametrize("text", list(TWINS)[:4])
def test_elicited_quantiles_of_a_member_give_it_back(text):
    original = parse(text)
    q05, q25, q50, q975 = original.quantile([0.05, 0.25, 0.5, 0.975]).tolist()
    found = parse(f"elicited(family={original.family}, q50={q50}, q05={q05}, q25={q25}, q975={q975})")
    assert found.family == original.family
    assert dict(found.parameters) == pytest.approx(dict(original.parameters), rel=1e-5)
    assert list(found.residuals) == ["q05", "q25", "q50", "q975"]
    assert max(map(abs, found.residuals.values())) < 1e-6


@pytest.mark.parametrize("family", ["beta", "gamma", "lognormal", "normal"])
def test_two_elicited_quantiles_are_hit(family):
    found = parse(f"elicited(family={family}, q10=0.1, q50=0.15)")
    assert found.quantile([0.1, 0.5]) == pytest.approx([0.1, 0.15], abs=1e-8)


@pytest.mark.parametrize("family", ["beta", "gamma", "lognormal", "normal"])
def test_elicited_fit_is_least_squares(family):
    stated = {"q05": 0.05, "q50": 0.2, "q95": 0.7}
    found = parse(f"elicited(family={family}, q05=0.05, q50=0.2, q95=0.7)")
    p = np.array([0.05, 0.5, 0.95])
    misses = found.quantile(p) - list(stated.values())
    assert list(found.residuals.values()) == pytest.approx(misses.tolist(), abs=1e-10)

    names = list(found.parameters)
    best = np.sum(misses**2)
    for name in names:
        for factor in (0.99, 1.01):
            other = dict(found.parameters)
            other[name] *= factor
            call = {"normal": ("mean", "se")}.get(family, names)
            twin = parse(f"{family}({call[0]}={other[names[0]]!r}, {call[1]}={other[names[1]]!r})")
            assert np.sum((twin.quantile(p) - list(stated.values())) ** 2) > best


# Text ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "gamma(mean=9625, se=0.5*9625/(2*1.96))",
        "gamma(mean=9625; se=0.5*9625/(2*1.96))",
        "  gamma ( se = 0.5*9625/(2*1.96) ,\n mean = 9625 )  ",
    ],
)
def test_ways_of_writing(text):
    found = parse(text)
    assert found.text == text.strip()
    assert found.sd() == pytest.approx(0.5 * 9625 / (2 * 1.96))


def test_separators_inside_brackets_do_not_count():
    assert parse("normal(mean=0, se=max(1, 2))").sd() == pytest.approx(2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gama(mean=1, se=1)", "unknown distribution gama .*Did you mean gamma"),
        ("cauchy(x=1)", "unknown distribution cauchy"),
        ("gamma", "written name"),
        ("gamma(mean=1, se=1", "written name"),
        ("gamma(mean=1, se=1) + 1", "written name"),
        ("gamma(mean=(1, se=1)", "brackets do not match"),
        ("gamma(mean=1), se=1)", "brackets do not match"),
        ("gamma(mean=[1), se=1)", "brackets do not match"),
        ("gamma(1, 2)", r"written name=value \(found 1\)"),
        ("gamma(mean=, se=1)", r"written name=value \(found mean=\)"),
        ("gamma(mean==1, se=1)", "written name=value"),
        ("gamma(mean=1,, se=1)", r"written name=value \(found nothing\)"),
        ("gamma(mean=1, mean=2)", "mean is given twice"),
        ("gamma()", r"must be \(mean, se\) or .*low95.*found none"),
        ("gamma(mean=1)", r"must be \(mean, se\) or .* found mean$"),
        ("gamma(mean=1, see=1)", "unknown argument see .*Did you mean se"),
        ("gamma(mean=1, se=1, shape=2)", "found mean, se, shape"),
        ("gamma(mean=one, se=1)", "gamma: mean: could not convert"),
        ("gamma(mean=nan, se=1)", "mean must be a finite number"),
        ("normal(mean=inf, se=1)", "mean must be a finite number"),
        ("gamma(mean=0, se=1)", r"mean must be above 0 \(found 0\)"),
        ("gamma(mean=1, se=-1)", r"se must be above 0 \(found -1\)"),
        ("gamma(shape=0, scale=1)", "shape must be above 0"),
        ("gamma(shape=1, rate=0)", "rate must be above 0"),
        ("lognormal(mean=-1, se=1)", "mean must be above 0"),
        ("lognormal(mean=1, se=0)", "se must be above 0"),
        ("lognormal(meanlog=1, sdlog=0)", "sdlog must be above 0"),
        ("lognormal(meanlog=800, sdlog=1)", "too large or too small"),
        ("normal(mean=1, se=0)", "se must be above 0"),
        ("beta(mean=0, se=0.1)", r"mean must be between 0 and 1 \(found 0\)"),
        ("beta(mean=1, se=0.1)", "mean must be between 0 and 1"),
        ("beta(mean=0.5, se=0)", "se must be above 0"),
        ("beta(mean=0.5, se=0.5)", r"se must be below .* = 0.5 for mean 0.5 \(found 0.5\)"),
        ("beta(events=0, total=10)", "events must be above 0 and below total"),
        ("beta(events=10, total=10)", "events must be above 0 and below total"),
        ("beta(alpha=0, beta=1)", "alpha must be above 0"),
        ("truncated_normal(mean=0, se=1, low=1, high=1)", "low must be below high"),
        ("truncated_normal(mean=0, se=0, low=0, high=1)", "se must be above 0"),
        ("truncated_normal(mean=0, se=1, low=40, high=50)", "more than 30 se"),
        ("uniform(low=1, high=0)", r"low must be below high \(found low 1, high 0\)"),
        ("triangular(low=0, mode=2, high=1)", "mode must lie between"),
        ("pert(low=0, mode=-1, high=1)", "mode must lie between"),
        ("normal(low95=2, high95=1)", "low95 must be below high95"),
        ("beta(low95=0, high95=0.5)", "between 0 and 1"),
        ("beta(low95=0.5, high95=1)", "between 0 and 1"),
        ("gamma(low95=0, high95=0.5)", "above 0"),
        ("gamma(low95=1, high95=1.0000001)", "found no gamma distribution"),
        ("lognormal(low95=-1, high95=0.5)", "above 0"),
        ("elicited(q05=1, q50=2)", "family is missing"),
        ("elicited(family=uniform, q05=1, q50=2)", "family must be one of"),
        ("elicited(family=0.5, q05=1, q50=2)", "family must be a name"),
        ("elicited(family=normal, q05=1)", r"at least two quantiles are needed \(found 1\)"),
        ("elicited(family=normal, q05=1, q050=2)", "q05 and q050 are the same"),
        ("elicited(family=normal, q00=1, q50=2)", r"such as q05 or q975 \(found q00\)"),
        ("elicited(family=normal, q5=1, q50=2)", r"\(found q5\)"),
        ("elicited(family=normal, mean=1, q50=2)", r"\(found mean\)"),
        ("elicited(family=normal, q05=2, q50=1)", "must increase"),
        ("elicited(family=beta, q05=0.5, q50=1.5)", "between 0 and 1"),
    ],
)
def test_messages(text, message):
    with pytest.raises(ValueError, match=message):
        parse(text)


def test_every_distribution_says_which_arguments_it_wants():
    for name in DISTRIBUTIONS:
        with pytest.raises(ValueError, match=name):
            parse(f"{name}(nonsense=1)")
