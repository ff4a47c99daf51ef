"""`python -m wandb_compat`: the command line."""

from wandb_compat.cli import main

if __name__ == "__main__":
    main(prog_name="wandb-compat")
