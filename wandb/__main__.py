"""`python -m wandb`: wandb's own command line, as far as it has a meaning for Pluto."""

from wandb.cli.cli import cli

if __name__ == "__main__":
    cli(prog_name="python -m wandb")
