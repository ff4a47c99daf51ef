"""Scripts that log tables to the embedded server."""

from tests.process.end_to_end.conftest import environment, project, script, server

__all__ = ["environment", "project", "script", "server"]
