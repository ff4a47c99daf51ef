"""`journal show` prints what a journal holds and reports what is damaged."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.offline_runs import Command, Runs
from wandb_compat.spool.journal import scan


def documents(text: str) -> list[tuple[str, Any]]:
    """Return (kind, document) of every printed line."""
    return [(line["kind"], line["document"]) for line in map(json.loads, text.splitlines())]


@pytest.mark.parametrize("of", ["file", "folder"])
def test_the_records_are_printed_in_order(cli: Command, runs: Runs, of: str) -> None:
    """One JSON line a record, from the writer's note to the end."""
    home = runs.make("x")
    shown = documents(cli("journal", "show", home if of == "folder" else home / "run-x.wandb").stdout)
    assert [kind for kind, _ in shown] == ["journal", "start", "key", "row", "row", "row", "exit", "end"]
    assert shown[3] == ("row", {"time": 1_760_000_000_000, "step": 0, "data": {"loss": 0}})


def test_kind_and_limit_choose(cli: Command, runs: Runs) -> None:
    """`--kind` keeps one kind, `--limit` stops after so many of them."""
    home = runs.make("x")
    shown = documents(cli("journal", "show", home, "--kind", "row", "--limit", 2).stdout)
    assert [(kind, document["step"]) for kind, document in shown] == [("row", 0), ("row", 1)]


def test_damaged_bytes_are_reported_and_the_rest_is_shown(cli: Command, runs: Runs) -> None:
    """A damaged record is named with place and length, the exit code is 1, and no other record is lost."""
    file = runs.make("x") / "run-x.wandb"
    data = bytearray(file.read_bytes())
    bad = list(scan(bytes(data)))[4]
    begin = list(scan(bytes(data)))[3].end
    data[bad.end - 10] ^= 1
    file.write_bytes(data)
    output = cli("journal", "show", file, "--kind", "row", code=1)
    assert [document["step"] for _, document in documents(output.stdout)] == [0, 2]
    assert output.stderr == f"{file}: {bad.end - begin} bytes from {begin} on are damaged\n"


def test_a_damaged_end_is_reported(cli: Command, runs: Runs) -> None:
    """Damage behind the last sound record is named as well."""
    file = runs.make("x") / "run-x.wandb"
    size = file.stat().st_size
    with file.open("ab") as stream:
        stream.write(b"garbage\n")
    assert f"8 bytes from {size} on are damaged" in cli("journal", "show", file, code=1).stderr


def test_a_torn_tail_is_no_damage(cli: Command, runs: Runs) -> None:
    """An unfinished last record, as a running or killed writer leaves it, is distinguished from damage."""
    file = runs.make("x") / "run-x.wandb"
    with file.open("ab") as stream:
        stream.write(b"\x1e0123abcd row {")
    assert "the last 15 bytes are an incomplete record" in cli("journal", "show", file).stderr


def test_a_folder_without_a_journal_is_named(cli: Command, folder: Path) -> None:
    """The sentence says what to name instead."""
    assert "has no journal" in cli("journal", "show", folder, code=1).stderr
