"""A spawned child that starts a separate run."""

import multiprocessing

import wandb


def work(queue):
    before = wandb.run is None
    with wandb.init(project="corpus", id="child", group="family") as run:
        run.log({"child": 1})
    queue.put([before, type(run).__name__])


if __name__ == "__main__":
    with wandb.init(project="corpus", id="parent", group="family") as run:
        run.log({"parent": 1})
        context = multiprocessing.get_context("spawn")
        queue = context.Queue()
        process = context.Process(target=work, args=(queue,))
        process.start()
        print(queue.get(), process.join(), process.exitcode)
        run.log({"parent": 2})
