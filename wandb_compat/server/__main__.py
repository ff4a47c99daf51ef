"""`python -m wandb_compat.server --data DIR`: serve in the foreground and print the address as one line of JSON."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import signal
import sys
import threading
from pathlib import Path

from wandb_compat.server.limits import Limits
from wandb_compat.server.serve import Server, ServerError


def main() -> None:
    """Serve until SIGTERM or Ctrl-C; exit with status 1 and a message on failure."""
    parser = argparse.ArgumentParser(prog="python -m wandb_compat.server", description="The embedded Pluto server.")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="data folder; created if missing")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input closes")
    for bound in dataclasses.fields(Limits):
        parser.add_argument(
            f"--{bound.name.replace('_', '-')}",
            type=type(bound.default),
            default=bound.default,
            metavar="N",
            help=f"{bound.metadata['meaning']} (default: {bound.default})",
        )
    options = vars(parser.parse_args())
    data_dir, host, port = (options.pop(name) for name in ("data", "host", "port"))
    with_parent = options.pop("with_parent")
    try:
        server = Server(data_dir, host, port, Limits(**options))
    except ServerError as error:
        sys.exit(str(error))
    if with_parent:
        threading.Thread(target=_stop_at_end_of_input, daemon=True).start()
    announcement = json.dumps({"url": server.url, "key_file": str(server.key_file)})
    server.run(lambda: print(announcement, flush=True))


def _stop_at_end_of_input() -> None:
    # Not sys.stdin: a waiting thread would hold its lock at interpreter shutdown.
    while os.read(0, 1024):
        pass
    signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    main()
