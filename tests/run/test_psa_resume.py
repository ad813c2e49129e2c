"""A probabilistic analysis that is stopped, killed and gone on with."""

import os
import signal
import subprocess
import sys

import pytest
from helpers import write_complete

import nbsmodel
from nbsmodel.cli import main
from nbsmodel.errors import InputError
from nbsmodel.run import psa as psa_module

#: Runs, and dies as if the power had failed, once so many parts are kept (and half of the next is written).
KILLED = """
import os, signal, sys
from pathlib import Path
from nbsmodel.run import psa, psa_store
psa.FIRST_PART = psa.MOST_PART = 37
write, left = psa_store._write, [int(sys.argv[1])]
def dying(part, path):
    if left[0] == 0:
        Path(path).write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    write(part, path)
psa_store._write = dying
from nbsmodel.run.run import run
run(sys.argv[2], ["analyses.psa.draws=300"], out=sys.argv[3], resume=True)
"""
FILES = ("psa_draws.parquet", "psa_outcomes.parquet", "psa_summary.csv", "ceac.csv")


@pytest.fixture()
def config(tmp_path):
    return write_complete(tmp_path)


def killed(config, out, after):
    found = subprocess.run([sys.executable, "-c", KILLED, str(after), config, out], capture_output=True, text=True)
    assert found.returncode == -signal.SIGKILL, found.stderr


def stop_after(monkeypatch, parts):
    monkeypatch.setattr(psa_module, "FIRST_PART", 40)
    monkeypatch.setattr(psa_module, "MOST_PART", 40)
    keep, left = psa_module.Store.keep, [parts]

    def stopping(self, part):
        keep(self, part)
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(psa_module.Store, "keep", stopping)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_killed_three_times_it_ends_with_the_same_bytes(config, tmp_path):
    nbsmodel.run(config, ["analyses.psa.draws=300"], out=tmp_path / "whole")
    for after in (1, 3, 2):
        killed(config, tmp_path / "broken", after)
        assert not (tmp_path / "broken").exists()
    told = []
    step = lambda text, done, work: told.append(done) if "drawing param" in text else None  # noqa: E731
    nbsmodel.run(config, ["analyses.psa.draws=300"], out=tmp_path / "broken", resume=True, step=step)
    assert told[0] == 6 * 37  # what was kept is not done again
    for name in FILES:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "broken" / name).read_bytes(), name
    assert not list(tmp_path.glob(".broken*"))


def test_a_stopped_run_is_neither_lost_nor_taken_up_unasked(config, tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as patched:
        stop_after(patched, 2)
        patched.setattr(sys, "argv", ["nbsmodel", "run", str(config), "--draws", "300", "--out", str(tmp_path / "out")])
        with pytest.raises(SystemExit) as stopped:
            main()
    assert stopped.value.code == 130
    said = capsys.readouterr().err
    assert "80 draws are kept" in said and "--resume" in said
    with pytest.raises(InputError, match="a stopped run left 80 draws here. Go on with --resume, or start afresh"):
        nbsmodel.run(config, ["analyses.psa.draws=300"], out=tmp_path / "out")
    with pytest.raises(InputError, match=r"the stopped run was of other inputs: psa.draws, overrides.h_ill"):
        nbsmodel.run(config, ["analyses.psa.draws=200", "overrides.h_ill=0.4"], out=tmp_path / "out", resume=True)
    assert list(tmp_path.glob(".out.unfinished/*.parquet"))  # a refused command loses nothing
    nbsmodel.run(config, ["analyses.psa.draws=300"], out=tmp_path / "out", force=True)
    assert not list(tmp_path.glob(".out*"))


def test_an_earlier_result_stands_until_the_new_one_is_whole(config, tmp_path, monkeypatch):
    nbsmodel.run(config, ["analyses.psa.draws=50"], out=tmp_path / "out")
    before = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    with monkeypatch.context() as patched:
        stop_after(patched, 1)
        with pytest.raises(KeyboardInterrupt):
            nbsmodel.run(config, ["analyses.psa.draws=300"], out=tmp_path / "out", force=True)
    assert before == {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}


def test_resuming_where_nothing_was_stopped_starts_at_the_beginning(config, tmp_path):
    assert len(nbsmodel.run(config, ["analyses.psa.draws=50"], out=tmp_path / "out", resume=True).psa.draws) == 50


def test_a_run_that_cannot_be_is_not_kept(config, tmp_path):
    broken = write_complete(
        tmp_path / "b",
        (
            "model/parameters.csv",
            "u_well,Utility,0.9,utility,,",
            'u_well,Utility,0.9,utility,"normal(mean=9, se=0.1)",',
        ),
    )
    with pytest.raises(InputError, match="only 0 of"):
        nbsmodel.run(broken, ["analyses.psa.draws=50"], out=tmp_path / "b" / "out")
    assert not list((tmp_path / "b").glob(".out*"))


def test_a_damaged_part_is_made_again(config, tmp_path, monkeypatch):
    nbsmodel.run(config, ["analyses.psa.draws=300"], out=tmp_path / "whole")
    with monkeypatch.context() as patched:
        stop_after(patched, 4)
        with pytest.raises(KeyboardInterrupt):
            nbsmodel.run(config, ["analyses.psa.draws=300"], out=tmp_path / "out")
    parts = sorted(tmp_path.glob(".out.unfinished/*.parquet"))
    assert len(parts) == 4
    whole = bytearray(parts[1].read_bytes())
    whole[len(whole) // 3] ^= 0xFF
    parts[1].write_bytes(bytes(whole))
    parts[3].write_bytes(b"cut off")
    nbsmodel.run(config, ["analyses.psa.draws=300"], out=tmp_path / "out", resume=True)
    for name in FILES:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "out" / name).read_bytes(), name


def test_refused_draws_at_the_end_are_judged_with_those_before(tmp_path, monkeypatch):
    """A formula refuses 8% of the draws, all of them among the last: no reason to stop, whole or resumed."""
    config = write_complete(
        tmp_path,
        (
            "model/model.yaml",
            "crisis:\n        dead: {probability: p_death_crisis, per: year}",
            "crisis:\n        dead: {probability: 0.3, per: cycle}\n        well: {probability: h_ill, per: cycle}",
        ),
    )
    rows = ["h_ill"] + [("0.9" if i >= 184 else "0.5") for i in range(200)]
    (tmp_path / "draws.csv").write_text("\n".join(rows) + "\n")
    sets = [f"analyses.psa.file={tmp_path / 'draws.csv'}"]
    whole = nbsmodel.run(config, sets, out=tmp_path / "whole")
    assert whole.psa.refused["refused"].item() == 16
    with monkeypatch.context() as patched:
        stop_after(patched, 4)
        with pytest.raises(KeyboardInterrupt):
            nbsmodel.run(config, sets, out=tmp_path / "out")
    nbsmodel.run(config, sets, out=tmp_path / "out", resume=True)
    for name in (*FILES, "psa_refused.csv"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "out" / name).read_bytes(), name
