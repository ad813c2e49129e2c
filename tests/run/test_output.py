"""The output folder is there whole or not at all, and only our own results are ever replaced."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nbsmodel.errors import InputError
from nbsmodel.run.output import MARK, check_free, results_folder


def write(folder: Path, text: str) -> None:
    (folder / MARK).write_text(text)


def test_appears_whole(tmp_path):
    out = tmp_path / "deep" / "results"
    with results_folder(out, force=False) as folder:
        write(folder, "1")
        assert not out.exists()
    assert (out / MARK).read_text() == "1"
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_earlier_results_and_no_rest(tmp_path, failure):
    out = tmp_path / "results"
    with results_folder(out, force=False) as folder:
        write(folder, "earlier")
    with pytest.raises(failure), results_folder(out, force=True) as folder:
        write(folder, "half")
        raise failure
    assert (out / MARK).read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [out]


def test_replaced_only_with_force(tmp_path):
    out = tmp_path / "results"
    with results_folder(out, force=False) as folder:
        write(folder, "1")
    with pytest.raises(InputError, match="--force"):
        check_free(out, force=False)
    with results_folder(out, force=True) as folder:
        write(folder, "2")
    assert (out / MARK).read_text() == "2"


def test_a_folder_that_is_not_ours_is_never_replaced(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    (tmp_path / "file").write_text("precious")
    for out in (tmp_path / "mine", tmp_path / "file"):
        with pytest.raises(InputError, match="not written by nbsmodel"):
            check_free(out, force=True)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "precious"


def test_an_empty_folder_may_be_used(tmp_path):
    (tmp_path / "empty").mkdir()
    with results_folder(tmp_path / "empty", force=False) as folder:
        write(folder, "1")
    assert (tmp_path / "empty" / MARK).is_file()


def test_cut_off_between_two_renames_is_put_right(tmp_path):
    out, earlier = tmp_path / "results", tmp_path / ".results.earlier"
    earlier.mkdir()
    write(earlier, "earlier")
    with pytest.raises(InputError, match="--force"):
        check_free(out, force=False)
    assert (out / MARK).read_text() == "earlier"


def test_what_a_killed_run_left_is_cleared(tmp_path):
    abandoned = tmp_path / ".results.writing-999999999"
    abandoned.mkdir()
    (abandoned / "half.csv").write_text("x")
    with results_folder(tmp_path / "results", force=False) as folder:
        write(folder, "1")
    assert [p.name for p in tmp_path.iterdir()] == ["results"]


def test_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(InputError, match="cannot be written|not written"),
        results_folder(tmp_path / "file" / "below", force=False),
    ):
        pass


WRITER = """
import sys, time
from pathlib import Path
from nbsmodel.run.output import results_folder
out = Path(sys.argv[1])
print("ready", flush=True)
while True:
    with results_folder(out, force=True) as folder:
        for i in range(40):
            (folder / f"{i}.csv").write_text("x" * 1000)
        (folder / "manifest.json").write_text("{}")
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_killed_at_any_moment_leaves_no_half_written_folder(tmp_path):
    out, seen = tmp_path / "results", 0
    for i in range(12):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(out)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.005 + 0.004 * i)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        with contextlib.suppress(InputError):  # also puts back what was cut off between two renames
            check_free(out, force=False)
        if out.exists():
            seen += 1
            assert len(list(out.glob("*.csv"))) == 40
            assert (out / MARK).is_file()
    assert seen > 0
