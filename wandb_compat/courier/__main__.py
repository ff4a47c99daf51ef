"""Entry of the courier process: `python -m wandb_compat.courier RUN_FOLDER`, with the key on standard input."""

from __future__ import annotations

import json
import logging
import sys
import threading
from pathlib import Path

from wandb_compat.courier.state import State
from wandb_compat.courier.work import Busy, EndpointError, NoRun, Trainer, Work
from wandb_compat.settings import Settings


def main() -> int:
    """Work until the run is delivered or must be left; 0 says that there is no point in starting another courier."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    home = Path(sys.argv[1])
    hello = json.loads(sys.stdin.buffer.readline())
    settings, complaints = Settings.read()
    for complaint in complaints:
        logging.warning(complaint)
    if not hello["key"]:
        State(phase="left", trouble="no Pluto key could be read; run `pluto login` or set PLUTO_API_KEY").write(home)
        return 0
    work = Work(home, hello["key"], settings, trainer=Trainer(hello["trainer"]), follow=True)
    threading.Thread(target=_listen, args=(work.bell,), daemon=True).start()
    try:
        state = work.run()
    except (Busy, NoRun) as error:
        logging.info(error)
    except EndpointError as error:
        State(phase="left", trouble=str(error)).write(home)
    else:
        logging.info("%s: %s rows sent, %s refused", state.phase, state.sent, state.refused)
    return 0


def _listen(bell: threading.Event) -> None:
    """Ring for every line of the trainer, and once more when its end of the pipe closes."""
    for _ in sys.stdin.buffer:
        bell.set()
    bell.set()


if __name__ == "__main__":
    sys.exit(main())
