"""Names of directories that several packages look for."""

DUAL_DIR = "pluto"  # dual mode's run directory, inside the run directory of the real wandb
