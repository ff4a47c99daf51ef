"""On an uploader's PYTHONPATH: it counts on an ingest service that stores within a second, and checks every second."""

import sys

if "wandb_compat.uploader" in " ".join(sys.orig_argv):
    from wandb_compat.uploader import verifier

    verifier.STORE_TIME = 1.6
    verifier.INTERVAL = 1.0
    verifier.FINISH_INTERVAL = 0.5
    verifier.MARGIN = 0.3
