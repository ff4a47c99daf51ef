"""A script that is interrupted at the keyboard."""

import os
import signal
import time

import wandb

wandb.init(project="corpus")
wandb.log({"loss": 1})
os.kill(os.getpid(), signal.SIGINT)
time.sleep(30)
