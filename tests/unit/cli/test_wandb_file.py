"""What a `.wandb` file of the real wandb holds is read as far as it is sound."""

from pathlib import Path

from tests.helpers.environments import HELPERS
from wandb_compat.cli import wandb_file

# What the real wandb 0.31 has written of SESSION, with `x_disable_meta`, in offline mode.
RECORD = HELPERS / "data" / "run-recorded.wandb"


def test_a_record_is_read_as_far_as_it_is_sound(tmp_path: Path) -> None:
    """A torn end and a flipped bit cost what they hit, are counted, and never raise."""
    whole = wandb_file.read([RECORD])
    assert (len(whole.rows), whole.damaged, whole.exit, whole.tags) == (103, 0, 0, ["t", "new"])
    assert whole.rows[7]["loss"] == 1 / 8 and whole.rows[7]["nested.x"] == 7
    content = RECORD.read_bytes()
    torn = tmp_path / "run-torn.wandb"
    torn.write_bytes(content[:20_000])
    short = wandb_file.read([torn])
    assert 0 < len(short.rows) < 103 and short.damaged == 1 and short.exit is None
    torn.write_bytes(content[:1000] + bytes([content[1000] ^ 1]) + content[1001:])
    flipped = wandb_file.read([torn])
    assert flipped.damaged == 1 and flipped.exit == 0 and flipped.rows[100] == whole.rows[100]
