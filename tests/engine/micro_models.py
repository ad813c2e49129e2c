"""Small models for the tests of the microsimulation, and what those tests share."""

import json
from functools import cache
from pathlib import Path

import numpy as np
from engine_models import HEAD, build

import nbsmodel
from nbsmodel.engine.simulation import Z95

ROOT = Path(__file__).resolve().parents[2]
TESTED = ROOT / "tests" / "models"
ARMS = {"none": {"screened": 0}, "screening": {"screened": 1}}
PARAMETERS = {
    "p_birth": (0.3, "probability"),
    "p_uptake": (0.8, "probability"),
    "p_found": (0.9, "probability"),
    "p_wrong": (0.05, "probability"),
    "h_ill": (0.2, "rate"),
    "h_die": (0.05, "rate"),
    "c_ill": (1000.0, "GBP"),
    "c_test": (5.0, "GBP"),
    "c_confirm": (150.0, "GBP"),
}
SETTINGS = {
    "discount_rate_costs": 0.03,
    "discount_rate_outcomes": 0.01,
    "discount_timing": "start",
    "within_cycle_correction": "start",
    "thresholds": [20000],
}


def screening(**attributes):
    """Screening for a common condition by an imperfect test, with attributes, a clock and a tunnel."""
    course = {
        "cycles": {"length": "1 year", "count": 20},
        "states": {
            "well": {}, "ill": {}, "crisis": {"tunnel": {"lasts": "2 years", "then": "ill"}}, "dead": {"dead": True},
        },
        "receives": ["early"],
        "clocks": {"sick": {"runs_in": ["ill", "crisis"]}},
        "transitions": {
            "well": {"ill": {"hazard": "h_ill * frailty * (0.5 if early else 1)"}, "dead": {"hazard": 0.002}},
            "ill": {"crisis": {"probability": 0.1, "per": "year"}, "dead": {"hazard": "h_die * exp(0.05 * sick)"}},
            "crisis": {"dead": {"hazard": "2 * h_die"}},
        },
        "payoffs": [
            {"in": "alive", "outcome": "qaly", "per": "year", "value": 0.9},
            {"in": ["ill", "crisis"], "outcome": "qaly", "per": "year", "value": "-0.02 * sick * severe"},
            {"in": ["ill", "crisis"], "outcome": "cost", "component": "care", "per": "year", "value": "c_ill*frailty"},
            {"entering": "crisis", "outcome": "cost", "component": "crisis", "value": 5000},
        ],
    }  # fmt: skip
    return {
        "attributes": {
            "severe": {"values": {"1": 0.4, "0": "rest"}},
            "frailty": {"distribution": "uniform(low=0.5, high=1.5)"},
            **attributes,
        },
        "tree": {
            "affected": {
                "p": "p_birth",
                "case": True,
                "then": {
                    "screened": {
                        "p": "screened * p_uptake",
                        "payoffs": [{"outcome": "cost", "component": "test", "value": "c_test"}],
                        "then": {
                            "found": {
                                "p": "p_found",
                                "payoffs": [{"outcome": "cost", "component": "confirmation", "value": "c_confirm"}],
                                "cohort": "course", "start": {"well": "rest", "ill": "0.1 * severe"},
                                "with": {"early": 1},
                            },
                            "missed": {"p": "rest", "then": "late"},
                        },
                    },
                    "not_screened": {"p": "rest", "then": "late"},
                },
            },
            "unaffected": {
                "p": "rest",
                "payoffs": [{"outcome": "cost", "component": "test", "value": "screened * p_uptake * c_test"}],
            },
        },
        "subtrees": {
            "late": {
                "seen": {"p": 0.5, "cohort": "course", "start": "well", "with": {"early": 0}},
                "hidden": {"p": "rest", "cohort": "course", "start": "ill", "delay": 1, "with": {"early": 0}},
            }
        },
        "cohorts": {"course": course},
    }  # fmt: skip


@cache
def loaded(text, arms=None, parameters=None):
    """A model from the JSON text of its body; loaded once."""
    given = json.loads(parameters) if parameters else PARAMETERS
    numbers = {name: value if isinstance(value, float) else tuple(value) for name, value in given.items()}
    return build(json.loads(text), numbers, strategies=json.loads(arms) if arms else ARMS)


def model_of(body, arms=None, parameters=None):
    """A loaded model, the same one for the same body."""
    return loaded(json.dumps(body), json.dumps(arms) if arms else None, json.dumps(parameters) if parameters else None)


@cache
def shipped(name):
    """A test model, or one of ``models/`` with its folder."""
    return nbsmodel.load_model(ROOT / name if "/" in name else TESTED / name)


def simulated(model, individuals, settings=SETTINGS, **how):
    """A microsimulation with these settings."""
    return nbsmodel.evaluate(model, settings=settings, engine="microsimulation", individuals=individuals, **how)


def pooled(errors):
    """Standard error of a mean over draws, from those of the draws."""
    return float(np.sqrt(np.sum(np.square(errors))) / len(errors))


__all__ = ["ARMS", "HEAD", "PARAMETERS", "ROOT", "SETTINGS", "Z95", "model_of", "pooled", "screening", "simulated",
           "shipped"]  # fmt: skip
