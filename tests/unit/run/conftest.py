"""Each test has a separate home and leaves no run behind."""

from tests.helpers.native_runs import alone, read

__all__ = ["alone", "read"]
