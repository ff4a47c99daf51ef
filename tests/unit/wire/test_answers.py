"""Which answers are Pluto's, and which failed requests may have arrived."""

import pytest
import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError
from urllib3.exceptions import ReadTimeoutError as ReadTimeout

from wandb_compat.wire.answers import Answer, is_ingest_answer, may_have_arrived


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b"OK", 200, True),
        (b"", 200, True),
        (b"{}", 200, True),
        (b'{"rejected": []}', 200, True),
        (b'"OK"', 200, True),
        (b"[]", 200, False),
        (b"null", 200, False),
        (b"7", 200, False),
        (b'{"runId": 99999999}', 200, False),
        (b"OK", 206, False),
    ],
)
def test_answers_of_ingest_routes(body: bytes, status: int, expected: bool) -> None:
    """A text or an object is an answer; a list, null, a number, a part, or a run's answer is another server's."""
    assert is_ingest_answer(Answer(status, "", CaseInsensitiveDict(), body)) == expected


def test_what_may_have_arrived() -> None:
    """A request whose connection was never made cannot have arrived; one whose answer was lost can."""
    refused = MaxRetryError(None, "/", NewConnectionError(None, "refused"))  # type: ignore[arg-type] # no pool
    assert not may_have_arrived(requests.ConnectionError(refused))
    assert not may_have_arrived(requests.ConnectTimeout("slow"))
    assert may_have_arrived(requests.ReadTimeout(ReadTimeout(None, "/", "no answer")))  # type: ignore[arg-type]
    assert may_have_arrived(requests.ConnectionError(ProtocolError("Connection aborted.", OSError("reset"))))
