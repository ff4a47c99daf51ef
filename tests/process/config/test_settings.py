"""Settings, URLs and credentials: the promised order, nothing sent where it must not go, nothing raised for a typo."""

import subprocess
import sys
from pathlib import Path

from wandb_compat.config import credentials


def test_a_key_kept_by_us_is_found_by_pluto_and_again_by_us(tmp_path: Path) -> None:
    """`store` writes where `pluto login` does: pluto-ml's own client reads it back."""
    script = (
        "from wandb_compat.config import credentials; credentials.store('mlpi_kept')\n"
        "import keyring; from keyrings.alt.file import PlaintextKeyring; keyring.set_keyring(PlaintextKeyring())\n"
        "print(keyring.get_password('pluto', 'pluto'), credentials.find(False).reveal())\n"
    )
    environ = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "PLUTO_DISABLE_TELEMETRY": "1"}
    output = subprocess.run(
        [sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True
    ).stdout
    assert output.split() == ["mlpi_kept", "mlpi_kept"]
    assert (tmp_path / ".pluto" / ".login_ok").exists()


def test_looking_for_credentials_does_not_import_keyring(tmp_path: Path) -> None:
    """Finding out that there is no key costs a look at a file, not a library."""
    root = Path(credentials.__file__).parents[1]
    script = (
        f"import sys; sys.path.insert(0, {str(root)!r})\n"
        "from wandb_compat.config import credentials; credentials.find(True, {}); print('keyring' in sys.modules)"
    )
    environ = {"HOME": str(tmp_path)}
    # Without site-packages: a start-up hook there could import keyring by itself.
    output = subprocess.run([sys.executable, "-S", "-c", script], env=environ, capture_output=True, text=True).stdout
    assert output.strip() == "False"
