"""Configs around the small complete model, for the tests beside this file."""

from __future__ import annotations

import pytest
from helpers import write_complete, write_files

from nbsmodel.config.scenario import load_scenario
from nbsmodel.errors import InputError

MODEL = "model: ../model\n"


def scenario(folder, configs, *sets):
    """The complete model with other configs, by name without ending; ``main`` is loaded."""
    if not (folder / "model").exists():
        write_complete(folder)
    write_files(folder, {f"configs/{name}.yaml": text for name, text in configs.items()})
    return load_scenario(folder / "configs" / "main.yaml", sets)


def refusal(folder, configs, *sets):
    """Problems of configs that cannot be loaded."""
    with pytest.raises(InputError) as refused:
        scenario(folder, configs, *sets)
    return [str(p).replace(f"{folder}/", "") for p in refused.value.problems]
