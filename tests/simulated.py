"""The small complete model with children who differ, and a config that simulates them."""

from __future__ import annotations

from helpers import write_complete

MODEL, CONFIG = "model/model.yaml", "configs/base.yaml"

ATTRIBUTES = """attributes:
  copies: {label: Gene copies, values: {2: p_late, 3: rest}}
  frailty: {label: "Frailty", distribution: "gamma(mean=1, se=0.3)"}
outcomes:
"""


def write_simulated(folder, *lines, individuals="individuals: 3000"):
    """Write the model and its config, with further lines; returns the path of the config."""
    given = "\n".join(line for line in ("title: Children", "engine: microsimulation", individuals, *lines) if line)
    return write_complete(
        folder,
        (MODEL, "outcomes:\n", ATTRIBUTES),
        (MODEL, "ill: {hazard: h_worse}", "ill: {hazard: h_worse * frailty * (2 if copies == 2 else 1)}"),
        (CONFIG, "title: Base case", given),
    )
