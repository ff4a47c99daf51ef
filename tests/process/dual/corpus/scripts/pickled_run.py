"""A run that is pickled, also to a spawned child that attaches itself to it."""

import multiprocessing
import pickle

import wandb


def work(run, queue):
    run.log({"child": 1})
    queue.put([type(run).__name__, run.id, run.name])


if __name__ == "__main__":
    wandb.setup()
    with wandb.init(project="corpus", id="parent", name="n") as run:
        try:
            copy = pickle.loads(pickle.dumps(run))
            print(type(copy).__name__, type(copy).__module__, copy.id, isinstance(copy, type(run)))
        except Exception as error:
            print(type(error).__name__, error)
        context = multiprocessing.get_context("spawn")
        queue = context.Queue()
        process = context.Process(target=work, args=(run, queue))
        process.start()
        print(queue.get(timeout=60), process.join(), process.exitcode)
        run.log({"parent": 1})
