"""Which texts cannot be keys; the reason never shows the text."""

import pytest

from wandb_compat.config.credentials import Credential, fault


@pytest.mark.parametrize(
    "key", ["x" * 100_000, "mlpi_a\nb", "mlpi_a b", "mlpi_é", "mlpi_\x00", "mlpi_\r\nX-Other: 1", "☃" * 9]
)
def test_what_no_key_is(key: str) -> None:
    """One sentence says what is wrong with it."""
    reason = fault(key)
    assert reason is not None and reason.endswith("?") and key[-8:] not in reason
    trouble = Credential("PLUTO_API_KEY", key).trouble()
    assert trouble is not None and "the Pluto key in PLUTO_API_KEY has" in trouble


@pytest.mark.parametrize("key", ["mlpi_abcdefgh12345678", "x", "a.b-c_d~e+/=", "x" * 1000])
def test_what_may_be_a_key(key: str) -> None:
    """The server decides."""
    assert fault(key) is None and Credential("PLUTO_API_KEY", key).trouble() is None
