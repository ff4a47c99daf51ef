"""Optuna's callback for wandb, one run a trial, and what its decorator logs."""

import optuna
from optuna_integration import WeightsAndBiasesCallback

import wandb

callback = WeightsAndBiasesCallback(
    metric_name="error", wandb_kwargs={"project": "optuna", "tags": ["o"]}, as_multirun=True
)


@callback.track_in_wandb()
def objective(trial):
    """Return a parabola's value."""
    x = trial.suggest_float("x", -1, 1)
    wandb.log({"power": x**2})
    return (x - 0.5) ** 2


study = optuna.create_study(study_name="parabola", sampler=optuna.samplers.RandomSampler(seed=7))
study.optimize(objective, n_trials=3, callbacks=[callback])
