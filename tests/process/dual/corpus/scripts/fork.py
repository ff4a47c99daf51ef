"""A forked child that logs to its parent's run."""

import multiprocessing

import wandb


def work(queue):
    wandb.log({"child": 1})
    queue.put([wandb.run is not None, wandb.run.id == run.id, type(wandb.run).__name__])


if __name__ == "__main__":
    run = wandb.init(project="corpus")
    run.log({"parent": 1})
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    process = context.Process(target=work, args=(queue,))
    process.start()
    print(queue.get(), process.join(), process.exitcode)
    run.log({"parent": 2})
    run.finish()
