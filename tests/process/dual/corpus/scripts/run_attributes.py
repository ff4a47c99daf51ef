"""What a run and the module tell about themselves."""

import inspect
import os

import wandb

print(wandb.__name__, wandb.__version__, wandb.__doc__ is not None, wandb.run, inspect.ismodule(wandb))
with wandb.init(project="corpus", id="fixed", name="n", config={"a": 1}) as run:
    looks = (
        lambda: isinstance(run, wandb.sdk.wandb_run.Run),
        lambda: (type(run).__module__, type(run).__qualname__, type(run) is type(wandb.run), callable(run.log)),
        lambda: (run.id, run.name, run.project, run.entity, run.path, run.offline, run.disabled, run.resumed),
        lambda: (run.url, run.sweep_id, run.start_time > 0, os.path.basename(run.dir)),
        lambda: sorted(name for name in dir(run) if not name.startswith("_")),
        lambda: (str(inspect.signature(run.log)), list(inspect.signature(wandb.init).parameters)),
        lambda: (run == wandb.run, hash(run) == hash(wandb.run), "Run" in repr(run)),
        lambda: (run.mode, run.get_url()),
        lambda: setattr(run, "no_such", 1),
        lambda: run.no_such,
        lambda: run.other,
    )
    for look in looks:
        try:
            print(look())
        except Exception as error:
            print(type(error).__name__, error)
