"""Open models of newborn screening: declared as data, run from YAML to report.

>>> import nbsmodel
>>> output = nbsmodel.run("my_config.yaml")  # doctest: +SKIP
>>> output.tables["cea"]  # doctest: +SKIP
"""

from importlib.metadata import PackageNotFoundError, version

from nbsmodel.errors import InputError, Problem
from nbsmodel.model.load import load_model
from nbsmodel.run.api import evaluate
from nbsmodel.run.psa_files import read_psa
from nbsmodel.run.reproduce import reproduce
from nbsmodel.run.run import RunOutput, run
from nbsmodel.run.validate import validate
from nbsmodel.run.variance import simulation_variance

try:
    __version__ = version("nbsmodel")
except PackageNotFoundError:  # run from a source tree that is not installed
    __version__ = "unknown"

__all__ = [
    "InputError",
    "Problem",
    "RunOutput",
    "evaluate",
    "load_model",
    "read_psa",
    "reproduce",
    "run",
    "simulation_variance",
    "validate",
]
