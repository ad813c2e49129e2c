"""Models of children who differ, written so that a few of them use every part of the language."""

from engine_models import one_cohort
from random_models import OUTCOMES

ARMS = {"none": {"lever": 0}, "half": {"lever": 0.5}, "full": {"lever": 1}}
PARAMETERS = {"p_one": (0.2, "probability"), "h_one": (0.3, "rate"), "wait": (0.75, "years"), "c_one": (100.0, "GBP")}
TABLES = {"steps.csv": "age,low,high\n0,0.02,0.1\n1,0.2,0.3\n4,0.05,0.4\n", "line.csv": "age,value\n0,1\n40,0.2\n"}
TABLE_SPECS = {
    "mx": {"file": "tables/steps.csv", "by": "age", "beyond": "last"},
    "norm": {"file": "tables/line.csv", "by": "age", "between": "linear"},
}
ATTRIBUTES = {
    "kind": {"values": {"1": "p_one", "2": 0.5, "3": "rest"}},
    "frail": {"distribution": "gamma(mean=1 if kind == 1 else 1.5, se=0.4)"},
    "rank": {"distribution": "uniform(low=0, high=1)"},
}
DERIVED = {
    "h_age": "h_one * (1 + 0.1 * age)",
    "h_child": "h_age * frail / (1 + time_in_state)",
    "u_child": {"value": "norm(age + 2 * rank) * (1 - 0.05 * kind)", "unit": "utility"},
}
HEAD = {"attributes": ATTRIBUTES, "tables": TABLE_SPECS, "derived": DERIVED, "outcomes": OUTCOMES}
#: Hazards with probabilities, per year and per month, tunnels, rest elsewhere, clocks, counts, two ways in.
EQUAL = HEAD | {
    "tree": {
        "known": {
            "p": "p_one * lever", "cohort": "life", "delay": "wait * lever",
            "with": {"gets": "1 + rank", "arm": "lever"},
            "start": {"well": "rest", "ill": "0.3 * rank", "ward": 0.2},
            "payoffs": [{"outcome": "cost", "value": "c_one", "at": "wait"}],
        },
        "other": {
            "p": "rest",
            "then": {
                "late": {"p": 0.4, "cohort": "life", "delay": 0.5, "start": "well",
                         "with": {"gets": "kind", "arm": "0"}},
                "never": {"p": 0.2},
                "later": {"p": "rest", "cohort": "life", "start": "ill", "with": {"gets": 2, "arm": "lever"}},
            },
        },
    },
    "cohorts": {
        "life": {
            "start_age": "0.25 + lever",
            "cycles": {"length": "6 months", "count": 16},
            "states": {
                "dead": {"dead": True}, "well": {}, "ill": {}, "ward": {"tunnel": {"lasts": "1 year", "then": "well"}},
                "odd": {}, "lost": {"dead": True},
            },
            "receives": ["gets", "arm"],
            "clocks": {"sick": {"runs_in": ["ill", "ward"]}, "calm": {"runs_in": ["well", "odd"]}},
            "counts": {"falls": {"entering": ["ill"]}, "cures": {"moving": {"from": ["ill", "ward"], "to": "well"}}},
            "transitions": {
                "well": {
                    "ill": {"hazard": "h_child"}, "odd": {"probability": "0.1 * (calm >= 1) * rank"},
                    "dead": {"hazard": 'mx(age, "low") * gets / 12', "per": "month"},
                },
                "ill": {
                    "well": {"probability": "clip(p_one * gets * (1 - 0.3 * arm) / (1 + sick), 0, 0.6)"},
                    "ward": {"probability": "0.2 * (falls < 4)", "per": "year"},
                    "dead": {"hazard": "weibull_hazard(sick + dt, 1 + rank, 4 + gets)"},
                    "lost": {"hazard": 'mx(frail, "high") * (cures < 2) if kind > 1 else 0'},
                },
                "ward": {"dead": {"probability": "0.05 * (1 + falls) / (1 + falls + time_in_state)"}},
                "odd": {
                    "odd": {"probability": "0.5 + 0.1 * rank * (time_in_state > 1)"},
                    "dead": {"probability": "h_one / 5"},
                    "ill": {"probability": "rest"},
                },
            },
            "payoffs": [
                {"in": "alive", "outcome": "qaly", "value": "u_child", "per": "year"},
                {"in": "alive", "outcome": "qaly", "value": "-0.1 * lever * (sick > 0)", "per": "year"},
                {"in": ["ill", "ward"], "outcome": "cost", "per": "month",
                 "value": "c_one * (1 + sick * calm + falls) * gets"},
                {"in": "well", "outcome": "cost", "component": "care", "value": "c_one * norm(age)", "per": "year"},
                {"in": "well", "outcome": "fees", "value": "c_one * exp(-calm) * (1 + age)", "per": "cycle"},
                {"in": "odd", "outcome": "cost", "perspective": "societal", "value": "c_one * kind", "per": "week"},
                {"in": "dead", "outcome": "fees", "value": "2 - exp(-time_in_state)", "per": "year"},
                {"entering": "ill", "outcome": "events", "value": "1"},
                {"entering": ["ill", "ward"], "outcome": "fees", "value": "frail * (1 + calm) * time"},
                {"starting_in": "alive", "outcome": "fees", "value": "c_one * kind * norm(age) + gets + falls"},
                {"moving": {"from": "alive", "to": ["dead", "lost"]}, "outcome": "cost",
                 "value": "c_one * sick * rank"},
                {"moving": {"from": "ill", "to": "well"}, "outcome": "cost", "value": "age", "component": "test"},
            ],
        }
    },
}  # fmt: skip

#: Cycles of two lengths, two cohorts, tables by clock and row, a model in which strategy 0 sends everybody elsewhere.
UNEQUAL = HEAD | {
    "tree": {
        "new": {"p": "lever", "cohort": "second", "delay": 0.5, "start": "a", "with": {"gets": "rank"}},
        "old": {
            "p": "rest", "then": {
                "left": {"p": "0.3", "cohort": "first", "start": {"a": "rest", "b": "p_one"}},
                "right": {"p": "rest", "cohort": "second", "start": "b", "with": {"gets": "2 * kind"}},
            },
        },
    },
    "cohorts": {
        "first": {
            "cycles": [{"length": "1 month", "count": 6}, {"length": "1 year", "count": 9}],
            "states": {"a": {}, "b": {}, "gone": {"dead": True}},
            "clocks": {"ever": {"runs_in": ["a", "b"]}, "still": {"runs_in": ["a"]}},
            "transitions": {
                "a": {
                    "b": {"probability": "rate_to_prob(h_one * (1 + time_in_state) * age ** 0.3, dt)"},
                    "gone": {"hazard": "gompertz_hazard(ever + age, 0.1, 0.02) * frail"},
                },
                "b": {
                    "a": {"hazard": 'mx(ever, "high")'},
                    "gone": {"probability": "0.2 + 0.1 * (ever > 2)", "per": "year"},
                },
            },
            "payoffs": [
                {"in": ["a", "b"], "outcome": "cost", "value": "c_one * exp(-ever) * (1 + time) * kind", "per": "year"},
                {"in": "a", "outcome": "qaly", "value": "exp(-still * age) + ever / 100", "per": "year"},
                {"moving": {"from": "a", "to": "b"}, "outcome": "events", "value": "log(1 + ever) + still * rank"},
            ],
        },
        "second": {
            "start_age": 20, "receives": ["gets"], "counts": {"trips": {"entering": ["b"]}},
            "cycles": [{"length": "2 weeks", "count": 4}, {"length": "6 months", "count": 8}],
            "states": {"a": {}, "b": {}, "c": {}},
            "transitions": {
                "a": {"b": {"hazard": "h_child + gets"}, "c": {"probability": "0.1 * dt * kind"}},
                "b": {"a": {"hazard": "(1 if trips < 2 else 0.1) * rank"}, "c": {"hazard": 0.1}},
            },
            "payoffs": [
                {"in": "alive", "outcome": "qaly", "value": "u_child", "per": "year"},
                {"starting_in": ["a", "b"], "outcome": "fees", "value": "c_one // (1 + rank)"},
                {"entering": "c", "outcome": "cost", "value": "c_one * trips + gets"},
            ],
        },
    },
}  # fmt: skip

#: Strategies differ in payoffs alone, so that children walk once for all of them.
SHARED = HEAD | one_cohort(
    {
        "cycles": {"length": "1 year", "count": 10},
        "states": {"living": {}, "ill": {}, "dead": {"dead": True}},
        "clocks": {"since": {"runs_in": ["living", "ill"]}},
        "transitions": {
            "living": {"ill": {"hazard": "h_child"}, "dead": {"hazard": 'mx(age, "low")'}},
            "ill": {"living": {"probability": "p_one * rank"}, "dead": {"hazard": 'mx(since, "high")'}},
        },
        "payoffs": [
            {"in": "alive", "outcome": "qaly", "value": "u_child * (0.5 + lever / 2)", "per": "year"},
            {"in": "ill", "outcome": "cost", "value": "(c_one * since if lever > 0 else 3) * (1 + age)", "per": "year"},
            {"moving": {"from": "alive", "to": "dead"}, "outcome": "cost", "value": "c_one * lever"},
            {"starting_in": "living", "outcome": "fees", "value": "lever + kind"},
        ],
    },
    start={"living": "rest", "ill": "0.2 * rank"},
)
WRITTEN = {"equal": EQUAL, "unequal": UNEQUAL, "shared": SHARED}
#: Corrections and timings; simpson needs equal cycles.
SETTINGS = {
    "life table": {},
    "start, end": {"within_cycle_correction": {"default": "start", "qaly": "end"}, "discount_timing": "start"},
    "end": {
        "within_cycle_correction": "end",
        "discount_rate_costs": [{"from_year": 0, "rate": 0.1}, {"from_year": 2, "rate": 0}],
    },
    "half cycle": {
        "within_cycle_correction": {"default": "half_cycle", "fees": "every_point"},
        "discount_timing": "end",
    },
    "simpson": {
        "within_cycle_correction": {"default": "simpson", "cost": "darth_simpson"},
        "discount_timing": "year_step",
    },
    "horizon": {"horizon": "4 years", "perspectives": ["societal"]},
}
#: Another horizon or perspective is another source to compile: one model is enough.
PAIRS = [(name, how) for name in WRITTEN for how in SETTINGS if how != "horizon" or name == "shared"]
PAIRS = [pair for pair in PAIRS if pair != ("unequal", "simpson")]
