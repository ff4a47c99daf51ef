"""Cells in an IPython shell, with a failing one."""

import sys

from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
cells = (
    "import wandb",
    "run = wandb.init(project='corpus')\nprint(type(run).__name__, wandb.run is run)",
    "for step in range(3): wandb.log({'a': step})",
    "1 / 0",
    "run.log({'b': 1}); print(run.step)",
    "run.finish()\nprint(wandb.run)",
)
for cell in cells:
    done = shell.run_cell(cell)
    print(done.success, type(done.error_in_exec).__name__)
sys.stdout.flush()
