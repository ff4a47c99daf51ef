"""Rows from several threads at once."""

import threading

import wandb


def work(number):
    for _ in range(25):
        wandb.log({"same": 1})


with wandb.init(project="corpus") as run:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(run.step, run.summary["same"])
