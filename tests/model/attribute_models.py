"""The small complete model with attributes and counts, to be changed."""

from __future__ import annotations

from helpers import write_complete

from nbsmodel.model.load import load_model

MODEL = "model/model.yaml"

ATTRIBUTES = """attributes:
  copies: {label: Gene copies, values: {2: p_late, 3: 0.6, 4.5: rest}}
  severe:
    values:
      1: 0.8 if copies == 2 else 0.2
      0: rest
  frailty: {distribution: "gamma(mean=1, se=0.3)"}
  onset: {distribution: "lognormal(mean=4 * h_ill if copies > 2 else 1, se=h_crisis / 2)"}
outcomes:
"""
COUNTS = """receives: [treated]
    counts:
      relapses: {entering: [ill]}
      crises: {moving: {from: alive, to: crisis}}
"""


def edits(*others):
    """Edits of the model file that add attributes and counts, and others (old text, new text)."""
    return [(MODEL, old, new) for old, new in (("outcomes:\n", ATTRIBUTES), ("receives: [treated]\n", COUNTS), *others)]


def load(folder, *others):
    """The model with attributes and counts, after further edits."""
    write_complete(folder, *edits(*others))
    return load_model(folder / "model")
