"""Distributions of parameters, from the text in ``parameters.csv``."""

from __future__ import annotations

from collections.abc import Callable

from nbsmodel.model import distribution_families as families
from nbsmodel.model.distribution_call import Call, Number, read_call
from nbsmodel.model.distribution_fit import elicited
from nbsmodel.model.distribution_groups import (
    Group,
    GroupMember,
    build_groups,
    dirichlet_member,
    normal_member,
)
from nbsmodel.model.distribution_univariate import Distribution

__all__ = ["DISTRIBUTIONS", "Distribution", "Group", "GroupMember", "build_groups", "parse_distribution"]

DISTRIBUTIONS: dict[str, Callable[[Call], Distribution | GroupMember]] = {
    "beta": families.beta,
    "gamma": families.gamma,
    "lognormal": families.lognormal,
    "normal": families.normal,
    "truncated_normal": families.truncated_normal,
    "uniform": families.uniform,
    "triangular": families.triangular,
    "pert": families.pert,
    "elicited": elicited,
    "dirichlet": dirichlet_member,
    "multivariate_normal": normal_member,
}


def parse_distribution(text: str, number: Number) -> Distribution | GroupMember:
    """Distribution that a text describes.

    Parameters
    ----------
    text : str
        A call such as ``gamma(mean=9625, se=0.5*9625/(2*1.96))``; not empty.
    number : callable
        Turns the text of one number into a float, or raises ValueError.

    Returns
    -------
    Distribution or GroupMember
        A member waits for the other rows of its group, see `build_groups`.

    Raises
    ------
    ValueError
        Saying what was found and what is allowed; the caller adds the place.
    """
    call = read_call(text, number, DISTRIBUTIONS)
    try:
        return DISTRIBUTIONS[call.name](call)
    except OverflowError as error:
        raise ValueError(f"{call.name}: the numbers are too large or too small to compute with") from error
