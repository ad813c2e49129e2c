"""The cohort twin of the microsimulation tutorial of Krijkamp 2018."""

from oracle import MODELS, check_published


def test_published_figures():
    check_published(MODELS / "krijkamp_simple")
