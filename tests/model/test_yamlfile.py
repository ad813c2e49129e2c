"""The YAML reader: what is text, what is a number, where things stand, and what is refused."""

from __future__ import annotations

import json
import os
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsmodel.errors import InputError
from nbsmodel.model.yamlfile import MAX_BYTES, MAX_DEPTH, parse_yaml, read_text, read_yaml, shown

HERE = Path("f.yaml")


def data(text):
    return parse_yaml(text, HERE).data


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no", "no"),
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("off", "off"),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("tRue", "tRue"),
        ("'true'", "true"),
        ("null", None),
        ("~", None),
        ("", None),
        ("none", "none"),
        ("''", ""),
        ("12", 12),
        ("-3", -3),
        ("+3", 3),
        ("007", 7),
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e-5", 1e-5),
        ("1E5", 1e5),
        ("1.0e+3", 1000.0),
        ('"1e-5"', "1e-5"),
        ("'12'", "12"),
        ("0x10", "0x10"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        (".nan", ".nan"),
        (".inf", ".inf"),
        ("1e999", "1e999"),  # no number can hold it; said where a number is needed
        ("12:30:00", "12:30:00"),
        ("2024-01-01", "2024-01-01"),
        ("1/10000", "1/10000"),
        ("3.5%", "3.5%"),
        ("a + b", "a + b"),
        ("|\n  two\n  lines", "two\nlines\n"),
        (">\n  12", "12\n"),
        ("[1, no, '2']", [1, "no", "2"]),
        ("{b: 1, c: {d: x}}", {"b": 1, "c": {"d": "x"}}),
    ],
)
def test_values(written, read):
    found = data(f"key: {written}\n")["key"]
    assert found == read and type(found) is type(read)


def test_keys_are_text():
    assert data("1: a\nno: b\ntrue: c\n1e-5: d\n2024/25: e\n") == {
        "1": "a", "no": "b", "true": "c", "1e-5": "d", "2024/25": "e",
    }  # fmt: skip


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda x: st.lists(x, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=6), x, max_size=4),
    max_leaves=8,
)


def _shown(value):
    """Whether all text of a value can be shown; the reader refuses control characters and half letters."""
    if isinstance(value, str):
        return value.isprintable()
    if isinstance(value, dict):
        return all(_shown(k) and _shown(v) for k, v in value.items())
    return all(map(_shown, value)) if isinstance(value, list) else True


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=6), plain, max_size=5).filter(_shown))
def test_json_is_read_as_it_was_meant(value):
    """Every JSON text is YAML 1.2; floats in full, text as text."""
    assert data(json.dumps(value, ensure_ascii=False)) == value


TEXT = """\
# a comment
title: x
tree:
  affected:
    p: 0.1

    then: {a: {p: 1}, b:
      {p: 2}}
list:
  - one
  - two: 2
    three: 3
-odd-: [1,
  2]
"""


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ((), "f.yaml"),
        (("title",), "f.yaml:2 title"),
        (("tree", "affected", "p"), "f.yaml:5 tree.affected.p"),
        (("tree", "affected", "then", "a", "p"), "f.yaml:7 tree.affected.then.a.p"),
        (("tree", "affected", "then", "b"), "f.yaml:7 tree.affected.then.b"),
        (("tree", "affected", "then", "b", "p"), "f.yaml:8 tree.affected.then.b.p"),
        (("list", 0), "f.yaml:10 list[1]"),
        (("list", 1), "f.yaml:11 list[2]"),
        (("list", 1, "three"), "f.yaml:12 list[2].three"),
        (("-odd-", 1), "f.yaml:14 -odd-[2]"),
        (("tree", "affected", "not", "there"), "f.yaml:4 tree.affected.not.there"),
        (("nowhere",), "f.yaml nowhere"),
    ],
)
def test_places(key, place):
    assert parse_yaml(TEXT, HERE).place(*key) == place


def test_places_with_windows_line_ends_and_a_byte_order_mark(tmp_path):
    (tmp_path / "f.yaml").write_bytes(b"\xef\xbb\xbfa: 1\r\nb:\r\n  c: 2\r\n")
    document = read_yaml(tmp_path / "f.yaml")
    assert document.data == {"a": 1, "b": {"c": 2}}
    assert document.place("b", "c").endswith("f.yaml:3 b.c")


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)

REFUSED = {
    "duplicate key": ("a: 1\nb: 2\na: 3\n", "f.yaml:3 a: this key stands already on line 1."),
    "duplicate key below": ("a:\n  b: 1\n  c: {d: 1, d: 2}\n", "f.yaml:3 d: this key stands already on line 3."),
    "duplicate after quotes": ("a: 1\n'a': 2\n", "f.yaml:2 a: this key stands already on line 1."),
    "billion laughs": (BOMB, "f.yaml:1: YAML anchors and aliases"),
    "anchor": ("a: &x 1\n", "f.yaml:1: YAML anchors and aliases"),
    "alias that contains itself": ("a: &a [*a]\n", "f.yaml:1: YAML anchors and aliases"),
    "alias alone": ("b: 1\na: *x\n", "f.yaml:2: YAML anchors and aliases"),
    "merge key": ("base: &b {x: 1}\na: {<<: *b}\n", "f.yaml:1: YAML anchors and aliases"),
    "Python tag": ("a: 1\nb: !!python/object/apply:os.system [ls]\n", "f.yaml:2: the YAML tag"),
    "plain tag": ("a: !!str 1\n", "f.yaml:1: the YAML tag"),
    "own tag": ("a: !thing {b: 1}\n", "f.yaml:1: the YAML tag"),
    "tag of the whole": ("!thing\na: 1\n", "f.yaml:1: the YAML tag"),
    "two documents": ("a: 1\n---\nb: 2\n", "f.yaml:2: a second YAML document begins here."),
    "tab": ("a:\n\tb: 1\n", "f.yaml:2: not valid YAML: found character '\\t'"),
    "bad indentation": ("a:\n  b: 1\n c: 2\n", "f.yaml:3: not valid YAML"),
    "two colons": ("a: b: c\n", "f.yaml:1: not valid YAML: mapping values are not allowed here."),
    "quote not closed": ("a: 'b\nc: 1\n", "(in what begins on line 1)"),
    "bracket not closed": ("a: [1, 2\nb: 1\n", "not valid YAML"),
    "reserved character": ("a: @b\n", "f.yaml:1: not valid YAML"),
    "other YAML": ("%YAML 9.9\n---\na: 1\n", "f.yaml:1: not valid YAML"),
    "empty": ("", "f.yaml: the file is empty."),
    "comment only": ("# nothing\n", "f.yaml: the file is empty."),
    "list at the top": ("- a\n- b\n", "f.yaml: the file must hold `key: value` lines."),
    "text at the top": ("just text\n", "f.yaml: the file must hold `key: value` lines."),
    "list as a key": ("[a, b]: 1\nc: 2\n", "f.yaml:1: a key must be plain text."),
    "mapping as a key": ("c: 2\n? {a: 1}\n: 1\n", "f.yaml:2: a key must be plain text."),
    "empty key": ("c: 2\n: 1\n", "f.yaml:2: a key must be plain text."),
    "deep brackets": ("a: " + "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), f"nested deeper than {MAX_DEPTH} levels"),
    "deep blocks": ("".join(" " * i + "a:\n" for i in range(99)), f"f.yaml:61: nested deeper than {MAX_DEPTH} levels"),
    "20,000 brackets": ("a: " + "[" * 20_000, f"nested deeper than {MAX_DEPTH} levels"),
    "20,000 braces": ("a: " + "{" * 20_000, f"nested deeper than {MAX_DEPTH} levels"),
    "1,000 dashes": ("a:\n  " + "- " * 1_000, f"nested deeper than {MAX_DEPTH} levels"),
    "terminal escape": ('a: "\\e[31mred"\n', "f.yaml:1: '\\x1b[31mred' holds a character that cannot be shown."),
    "half a letter": ('b: 1\na: "\\ud800"\n', "f.yaml:2: '\\ud800' holds a character that cannot be shown."),
    "zero byte by escape": ('a: "\\0"\n', "f.yaml:1: '\\x00' holds a character that cannot be shown."),
    "text that runs backwards": ("a: abc\u202edef\n", "f.yaml:1: 'abc\\u202edef' holds a character"),
    "control character": ("a: \x07\n", "not valid YAML"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(text, message):
    tracemalloc.start()
    begin = time.process_time()  # the machine may be busy with other things
    try:
        with pytest.raises(InputError) as refused:
            parse_yaml(text, HERE)
        took, (_, peak) = time.process_time() - begin, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert message in str(refused.value)
    assert str(refused.value).startswith("f.yaml")
    assert took < 5
    assert peak < 50_000_000


def test_every_duplicate_is_reported_at_once():
    with pytest.raises(InputError) as refused:
        parse_yaml("a: 1\nb: {c: 1, c: {d: 1, d: 2}}\na: 3\n? [x]\n: [y]\na: 4\n", HERE)
    assert [p.place for p in refused.value.problems] == ["f.yaml:2 c", "f.yaml:3 a", "f.yaml:4", "f.yaml:6 a"]


def test_as_deep_as_allowed():
    brackets = "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert data(f"a: {brackets}")["a"] == json.loads(brackets)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40) | st.text(alphabet="ab:-?[]{}&*!|>'\"#%,\n \t1", max_size=40))
def test_any_text_is_read_or_refused(text):
    try:
        found = parse_yaml(text, HERE)
    except InputError as error:
        assert all(p.place.startswith("f.yaml") for p in error.problems)
    else:
        assert isinstance(found.data, dict)


# --- files


def test_files_that_are_no_text(tmp_path):
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "latin.yaml").write_bytes("a: 1\nb: Größe\n".encode("latin-1"))
    (tmp_path / "zero.yaml").write_bytes(b"a: \0\n")
    (tmp_path / "red.csv").write_bytes(b"a\r\n\r\n\x1b[31m1\r\n")
    (tmp_path / "large.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    for name, words in {
        "folder.yaml": "folder.yaml: this is a folder, a file is needed.",
        "latin.yaml": "latin.yaml:2: this is not UTF-8 text (byte 0xf6). Save the file as UTF-8.",
        "zero.yaml": "zero.yaml: not a text file (it holds zero bytes).",
        "red.csv": "red.csv:3: '\\x1b' is a character that cannot be shown. Remove it.",
        "large.yaml": "large.yaml: the file has 2,000,001 bytes, at most 2,000,000 are read.",
        "loop.yaml": "loop.yaml: cannot be read",
        "pipe.yaml": "pipe.yaml: this is no regular file.",
        "latin.yml": "latin.yml: no such file. Did you mean latin.yaml?",
        "other.txt": "other.txt: no such file.",
        "missing/f.yaml": "missing does not exist.",
        "zero.yaml/f.yaml": "cannot be read: Not a directory.",
        "n" * 300: "cannot be read: File name too long.",
        "a\0b": "this cannot be the name of a file.",
    }.items():
        with pytest.raises(InputError) as refused:
            read_text(tmp_path / name)
        assert words in str(refused.value)


def test_a_file_as_large_as_allowed(tmp_path):
    (tmp_path / "f.yaml").write_bytes(b"a: 1 #" + b"x" * (MAX_BYTES - 6))
    assert read_yaml(tmp_path / "f.yaml").data == {"a": 1}


def test_paths_are_shown_from_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "a" / "b.yaml") == "a/b.yaml"
    assert shown(Path("a") / ".." / "b.yaml") == "b.yaml"
    assert shown(tmp_path.parent / "other.yaml") == str(tmp_path.parent / "other.yaml")
