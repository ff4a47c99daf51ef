"""Keras' callbacks: a tiny model is trained for real."""

from pathlib import Path

import numpy
import pytest

import wandb
from tests.helpers.large_library import large_library

large_library("tensorflow", everywhere=False)
X = numpy.random.RandomState(0).rand(32, 4).astype("float32")
Y = (X.sum(axis=1) > 2).astype("float32")


@pytest.fixture
def model():
    import keras

    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3, name="first"), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.03125), loss="mse", metrics=["mae"])
    return model


def test_metrics_of_epochs(model, read) -> None:
    """Each epoch is a row of `epoch/…` with the learning rate, and its number is the axis."""
    from wandb.integration.keras import WandbMetricsLogger

    run = wandb.init(mode="offline")
    done = model.fit(X, Y, epochs=2, batch_size=8, verbose=0, callbacks=[WandbMetricsLogger()])
    run.finish()
    rows = [row for _, row in read(run).rows()]
    assert [row["epoch/epoch"] for row in rows] == [0, 1]
    assert [row["epoch/loss"] for row in rows] == pytest.approx(done.history["loss"])
    assert [row["epoch/learning_rate"] for row in rows] == [0.03125, 0.03125]
    assert read(run).about()["metrics"]


def test_metrics_of_batches(model, read) -> None:
    """With `log_freq` every so many batches are a row, and the rate follows a schedule."""
    import keras

    from wandb.keras import WandbMetricsLogger

    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, decay_steps=1, decay_rate=0.5)
    model.compile(optimizer=keras.optimizers.SGD(schedule), loss="mse")
    run = wandb.init(mode="offline")
    model.fit(X, Y, epochs=1, batch_size=8, verbose=0, callbacks=[WandbMetricsLogger(log_freq=2)])
    run.finish()
    rows = [row for _, row in read(run).rows()]
    batches = [row for row in rows if "batch/loss" in row]
    assert [row["batch/batch_step"] for row in batches] == [0, 2]
    assert batches[0]["batch/learning_rate"] == pytest.approx(0.25)
    assert batches[1]["batch/learning_rate"] == pytest.approx(0.0625)
    assert [row["epoch/epoch"] for row in rows if "epoch/epoch" in row] == [0]


def test_checkpoints(model, read) -> None:
    """Each file that Keras saves is a version of the run's model."""
    from wandb.integration.keras import WandbModelCheckpoint

    run = wandb.init(mode="offline")
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[WandbModelCheckpoint("model-{epoch:02d}.keras")])
    run.finish()
    artifacts = read(run).all("artifact")
    assert {one["name"] for one in artifacts} == {f"run_{run.id}_model"}
    assert [one["aliases"] for one in artifacts] == [["latest", "epoch_0"], ["latest", "epoch_1"]]
    assert {one["type"] for one in artifacts} == {"model"}


def test_tables_of_predictions(model, read) -> None:
    """A subclass of `WandbEvalCallback` logs what is true once and what is predicted each epoch."""
    from wandb.integration.keras import WandbEvalCallback

    class Predictions(WandbEvalCallback):
        def add_ground_truth(self, logs=None) -> None:
            for index in range(3):
                self.data_table.add_data(index, float(Y[index]))

        def add_model_predictions(self, epoch, logs=None) -> None:
            answers = self.model.predict(X[:3], verbose=0)
            for index in self.data_table_ref.get_index():
                self.pred_table.add_data(epoch, self.data_table_ref.data[index][1], float(answers[index][0]))

    run = wandb.init(mode="offline")
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[Predictions(["index", "true"], ["epoch", "true", "predicted"])])
    run.finish()
    assert [one["name"] for one in read(run).all("artifact")] == ["val"] + 2 * [f"run_{run.id}_pred"]


def test_the_classic_callback(model, read, capsys) -> None:
    """`wandb.keras.WandbCallback` logs metrics under their own names, weights, the best value and the best model."""
    from wandb.keras import WandbCallback

    assert wandb.keras.WandbCallback is WandbCallback
    run = wandb.init(mode="offline")
    callback = WandbCallback(monitor="loss", log_weights=True, log_gradients=True, training_data=(X, Y))
    done = model.fit(X, Y, epochs=2, verbose=0, callbacks=[callback])
    run.finish()
    rows = [row for _, row in read(run).rows()]
    assert [row["loss"] for row in rows] == pytest.approx(done.history["loss"])
    assert [row["epoch"] for row in rows] == [0, 1]
    assert "parameters/first.weights" in {one["logName"] for one in read(run).all("data")}
    assert run.summary["best_loss"] == pytest.approx(min(done.history["loss"]))
    assert {one["name"] for one in read(run).all("artifact")} == {f"model-{run.name}"}
    assert Path(run.dir, "model-best.h5").exists()
    assert "log_gradients" in capsys.readouterr().err


def test_without_a_run() -> None:
    """A callback that is made too early says what is missing."""
    from wandb.integration.keras import WandbMetricsLogger

    with pytest.raises(wandb.Error, match=r"wandb\.init\(\)"):
        WandbMetricsLogger()
