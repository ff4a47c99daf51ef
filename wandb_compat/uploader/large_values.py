"""Uploads values that are too large for a request as files under their keys: a store takes more than an API."""

from __future__ import annotations

import logging
from pathlib import Path
from zlib import crc32

from wandb_compat.spool import records, staging
from wandb_compat.uploader.session import Session
from wandb_compat.uploader.uploads import Uploads
from wandb_compat.wire.errors import TOO_LARGE, Refused
from wandb_compat.wire.names import file_log_key

log = logging.getLogger(__name__)


class LargeValues:
    """Sends the large texts, histograms and tables of one run; called by one thread only."""

    def __init__(self, run_dir: Path, session: Session) -> None:
        self._run_dir = run_dir
        self._uploads = Uploads(run_dir, session)

    def upload(self, line: bytes) -> None:
        """Upload the value of a record of the kind `data`.

        Raises:
            WireError: it did not work this time.
        """
        series = records.parse(records.Series, line)
        suffix = "txt" if series.dataType == "string-series" else "json"
        name = f"{series.dataType.lower()}-{series.step}-{crc32(line):08x}.{suffix}"
        path = staging.new_path(self._run_dir, f".{suffix}")
        try:
            path.write_text(series.data, encoding="utf-8")
            file = records.File(
                series.time,
                series.step,
                file_log_key(series.logName),
                name,
                suffix,
                staging.relative(self._run_dir, path),
                caption=f"{series.logName}, too large for a request",
            )
            if lost := self._uploads.upload([file]):
                raise Refused(next(iter(lost.values())), TOO_LARGE)
            self._uploads.forget([file])
        finally:
            path.unlink(missing_ok=True)
        log.warning("%s at step %s was uploaded as file %s: it is too large", series.logName, series.step, name)
