"""On the PYTHONPATH of an uploader or of `sync`: ingest services store within a second and are checked each."""

import os
import sys

if "wandb_compat" in " ".join(sys.orig_argv):
    from wandb_compat.config import limits

    limits.SEND_INTERVALS = (0.1, 0.2)  # so that rows are on their way whenever the service is restarted
    if seconds := os.environ.get("QUICK_TIMEOUT"):  # of a request that is not answered
        limits.REQUEST_TIMEOUT = float(seconds), float(seconds)
        limits.BACKOFF = limits.BACKOFF[0] / 5, limits.BACKOFF[1] / 30

    from wandb_compat.uploader import restarts, verifier

    restarts.STORE_TIME = 1.6
    verifier.LATE_TIME = 4.0
    verifier.INTERVAL = 1.0
    verifier.FINISH_INTERVAL = 0.5, 0.5
    restarts.MARGIN = 0.3
