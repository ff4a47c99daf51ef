"""Keras 3 with wandb's callbacks: metrics of batches and epochs, and checkpoints of the model as artifacts."""

import keras
import numpy as np

import wandb
from wandb.integration.keras import WandbMetricsLogger, WandbModelCheckpoint

keras.utils.set_random_seed(7)
with wandb.init(project="keras", config={"units": 4}):
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    features = np.random.default_rng(7).normal(size=(16, 3))
    model.fit(
        features,
        features.sum(axis=1),
        validation_split=0.25,
        epochs=2,
        batch_size=4,
        verbose=0,
        callbacks=[WandbMetricsLogger(log_freq=2), WandbModelCheckpoint("model.keras")],
    )
