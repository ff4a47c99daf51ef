"""What the script prints is copied line by line, and printing goes on as before."""

from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize("off", [{"WANDB_CONSOLE": "off"}, {}])
def test_a_run_copies_what_its_script_prints(off: dict[str, str], script: Any) -> None:
    """The lines are in the journal and in `files/output.log`; WANDB_CONSOLE=off leaves them out."""
    ended = script(
        """
        import os, wandb
        print("before")
        with wandb.init():
            print("during")
            print("trouble", file=sys.stderr)
            if not os.fork():
                print("child")
                os._exit(0)
            os.wait()
        print("after")
        """,
        **(off or {"WANDB_CONSOLE": "auto"}),
    )
    assert ended.code == 0, ended.err
    lines = [line["message"] for line in ended.run.all("console")]
    log = Path(ended.run.home, "files", "output.log")
    if off:
        assert (lines, log.exists()) == ([], False)
    else:
        assert {"during", "trouble"} <= set(lines) and not {"before", "after"} & set(lines)
        assert log.read_text(encoding="utf-8").splitlines() == lines
