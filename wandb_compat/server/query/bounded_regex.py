"""Match regular expressions in a child process that is killed when a pattern takes too long.

The engine of Python needs exponential time for some patterns and blocks the whole process meanwhile.
"""

from __future__ import annotations

import atexit
import json
import re
import subprocess
import sys
import threading
import time

LIMIT = 2.0  # seconds that the matches of one pattern may take in all
LONGEST = 20_000  # characters of a text that are searched

# Reads a JSON list of pattern and text a line, writes 1 or 0 for each. An alarm ends it where a server that was killed
# can no longer do so.
CHILD = f"""
import json, re, signal, sys
alarm = getattr(signal, "alarm", lambda seconds: None)
for line in sys.stdin:
    pattern, text = json.loads(line)
    alarm({LIMIT + 1:.0f})
    print(1 if re.search(pattern, text) else 0, flush=True)
    alarm(0)
"""


class TooSlow(Exception):
    """A pattern took longer than the limit."""


class _Child:
    """The child process, started when it is needed and again after it was killed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def search(self, pattern: str, text: str, seconds: float) -> bool:
        """Return whether a pattern is found in a text; raise TooSlow after so many seconds."""
        with self._lock:
            process = self._process
            if process is None or process.poll() is not None:
                process = self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-c", CHILD],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                )
            assert process.stdin is not None
            assert process.stdout is not None
            watchdog = threading.Timer(seconds, process.kill)
            watchdog.daemon = True
            watchdog.start()
            try:
                process.stdin.write(json.dumps([pattern, text]) + "\n")
                process.stdin.flush()
                answer = process.stdout.readline()
            except OSError:
                answer = ""
            finally:
                watchdog.cancel()
            if not answer:
                self._discard(process)
                raise TooSlow
            return answer.strip() == "1"

    def close(self) -> None:
        """End the child process."""
        with self._lock:
            if self._process is not None:
                self._discard(self._process)

    def _discard(self, process: subprocess.Popen[str]) -> None:
        process.kill()
        process.communicate()
        self._process = None


_child = _Child()
atexit.register(_child.close)


class Pattern:
    """A regular expression whose matches take a bounded time in all.

    Raises:
        re.error: it is not a valid regular expression.
    """

    def __init__(self, source: str) -> None:
        re.compile(source)
        self._source = source
        # Without repetition nor alternatives a search is fast, and needs no other process.
        self._simple = None if set(source) & set("*+{|?") else re.compile(source)
        self._left = LIMIT

    def search(self, text: str) -> bool:
        """Return whether the pattern is found in a text, of which the first 20,000 characters are searched.

        Raises:
            TooSlow: the matches of this pattern took more than two seconds.
        """
        if self._simple is not None:
            return self._simple.search(text) is not None
        if self._left <= 0:
            raise TooSlow
        began = time.monotonic()
        try:
            return _child.search(self._source, text[:LONGEST], self._left)
        finally:
            self._left -= time.monotonic() - began
