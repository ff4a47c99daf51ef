"""Keys of a run's system metadata on the server that identify the run."""

RUN_ID = "wandb_run_id"  # wandb's id
TARGET = "pluto_run_id"  # a PLUTO_RUN_ID that is an external id
