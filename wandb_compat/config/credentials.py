"""Where the Pluto key comes from: `PLUTO_API_KEY`, `WANDB_API_KEY` when wandb logging is disabled, the server of this
machine if `login` chose it, or the keyring of `pluto login`.

The module is read at `import wandb` to choose the mode, so finding out *that* there is a key costs two `stat` calls
at most, and neither pathlib nor the keyring library, which waits until a stored key is needed in clear
(`Credential.reveal`).
"""

import os
import sys
from collections.abc import Mapping
from typing import Any

from wandb_compat.config import login_choice

# `pluto login` stores the token under this service and this user (the settings tag of pluto-ml), and leaves the marker.
SERVICE = USER = "pluto"
MARKER = ("~", ".pluto", ".login_ok")
# Every Pluto key begins with one of these. A wandb key never does, so it is never sent to Pluto by mistake.
TOKEN_PREFIXES = ("mlpi_", "mlps_")

# Characters of a key at most; Pluto's have about twenty.
KEY_LIMIT = 1000

HINT = "run `wandb-compat login`, or set PLUTO_API_KEY, to send runs to Pluto"


class Credential:
    """A Pluto key that was found, and where: `source` may be printed; `repr` hides the key."""

    __slots__ = ("_key", "source")

    def __init__(self, source: str, key: str | None = None) -> None:
        self.source = source
        self._key = key

    def __repr__(self) -> str:
        return f"Credential(source={self.source!r})"

    @property
    def at_hand(self) -> bool:
        """Whether the key is known without a look into the keyring."""
        return self._key is not None

    def reveal(self) -> str | None:
        """Return the key in clear, or None when the keyring no longer holds it."""
        if self._key is None:
            self._key = _read_keyring()
        return self._key

    def trouble(self) -> str | None:
        """Return a sentence on why the key cannot be one of Pluto's, or None; looks into the keyring if need be."""
        reason = fault(self.reveal() or "")
        return None if reason is None else f"the Pluto key in {self.source} {reason} The rows stay in the journal"


def fault(key: str) -> str | None:
    """Return why a text cannot be a Pluto key, in words that do not show it, or None if it can be one."""
    if len(key) > KEY_LIMIT:
        return f"has {len(key)} characters, more than any key ({KEY_LIMIT} at most): is it the content of another file?"
    if not (key.isascii() and key.isprintable()) or " " in key:
        return "has a blank, a line break or another character that no key has: was it copied with something else?"
    return None


def find(wandb_disabled: bool, environ: Mapping[str, str] = os.environ) -> Credential | None:
    """Return the first credential in the documented order, or None.

    `wandb_disabled` says that nothing is logged to wandb: only then may `WANDB_API_KEY` hold a Pluto token.
    """
    if (given := in_environment(wandb_disabled, environ)) is not None:
        return given
    if (choice := login_choice.read(environ)) is not None and choice.kind != login_choice.SERVER:
        server = login_choice.local_server(environ) if choice.kind == login_choice.LOCAL else None
        return None if server is None else Credential("the server of this machine", server.key)
    if _stored(environ):
        return Credential("the keyring of `pluto login`")
    return None


def in_environment(wandb_disabled: bool, environ: Mapping[str, str] = os.environ) -> Credential | None:
    """Return the key that a variable holds, or None; argument as for `find`."""
    if key := environ.get("PLUTO_API_KEY", "").strip():
        return Credential("PLUTO_API_KEY", key)
    if wandb_disabled and (key := environ.get("WANDB_API_KEY", "").strip()).startswith(TOKEN_PREFIXES):
        return Credential("WANDB_API_KEY", key)
    return None


def store(key: str) -> str:
    """Keep `key` where `pluto login` keeps it, so that both tools find it; return a printable name of the place."""
    keyring = _keyring()
    keyring.set_password(SERVICE, USER, key)
    marker = os.path.expanduser(os.path.join(*MARKER))
    os.makedirs(os.path.dirname(marker), exist_ok=True)
    with open(marker, "w", encoding="utf-8"):
        pass
    if (choice := login_choice.read()) is not None and choice.kind != login_choice.SERVER:
        login_choice.forget()  # the key is for another server
    return str(getattr(keyring, "file_path", "the keyring of this system"))


def _stored(environ: Mapping[str, str]) -> bool:
    """Whether `pluto login` has left a token, as far as files tell without importing keyring."""
    if sys.platform == "darwin":
        # The Keychain would prompt the user; the marker file says the same.
        return os.path.exists(os.path.expanduser(os.path.join(*MARKER)))
    if sys.platform == "win32":
        data = os.path.join(environ.get("LOCALAPPDATA") or environ.get("ProgramData") or ".", "Python Keyring")
    else:
        home = environ.get("XDG_DATA_HOME") or os.path.expanduser(os.path.join("~", ".local", "share"))
        data = os.path.join(home, "python_keyring")
    try:
        with open(os.path.join(data, "keyring_pass.cfg"), encoding="utf-8") as file:
            return any(line.strip() == f"[{SERVICE}]" for line in file)
    except (OSError, UnicodeDecodeError):
        return False


def _read_keyring() -> str | None:
    try:
        key: str | None = _keyring().get_password(SERVICE, USER)
    except Exception:  # any backend may fail in its own way; a key that cannot be read is not a key
        return None
    return key


def _keyring() -> Any:
    """The backend that pluto-ml uses on this system: the plain file one, save on macOS."""
    if sys.platform == "darwin":
        import keyring

        return keyring.get_keyring()
    from keyrings.alt.file import PlaintextKeyring

    return PlaintextKeyring()
