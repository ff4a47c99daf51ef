"""The engine behind the drop-in `wandb`: it carries what scripts log to Pluto."""

__version__ = "0.1.0"
