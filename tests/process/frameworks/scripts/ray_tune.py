"""Ray Tune with its WandbLoggerCallback: each trial is a run, logged by a separate process."""

import os
import time

import ray
from ray import tune
from ray.air.integrations.wandb import WandbLoggerCallback, _WandbLoggingActor


def train(config):
    """Report a parabola's value thrice."""
    for step in range(3):
        tune.report({"error": (config["x"] - 0.5) ** 2 / (step + 1)})


class Patient(_WandbLoggingActor):
    """Ray's own. It is killed as soon as it has ended the run, when wandb's service may still be writing its record."""

    def run(self):
        super().run()
        time.sleep(5)


WandbLoggerCallback._logger_actor_cls = Patient
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
tune.Tuner(
    train,
    param_space={"x": tune.grid_search([0.1, 0.4])},
    tune_config=tune.TuneConfig(max_concurrent_trials=1, trial_name_creator=lambda trial: f"x-{trial.config['x']}"),
    run_config=tune.RunConfig(
        storage_path=os.path.abspath("results"),
        # Of the files in the trial's own folder, Ray copies what is there at some moment.
        callbacks=[WandbLoggerCallback(project="ray", group="tuned", log_config=True, tags=["r"], dir=os.getcwd())],
        verbose=0,
    ),
).fit()
ray.shutdown()
