"""Stable-Baselines3 and gymnasium: an agent plays for real."""

import pytest

import wandb
from tests.helpers.large_library import large_library

gymnasium = large_library("gymnasium")


@pytest.fixture(autouse=True)
def recorders_as_before(monkeypatch):
    """The recorders that a test has patched are given back."""
    import gymnasium.wrappers as wrappers

    monkeypatch.setattr(wrappers.RecordVideo, "stop_recording", wrappers.RecordVideo.stop_recording)
    monkeypatch.setitem(wandb.patched, "gym", [])


@pytest.fixture
def grey():
    """An environment whose picture grows brighter."""

    class Grey(gymnasium.Env):
        """A picture that grows brighter."""

        metadata = {"render_modes": ["rgb_array"], "render_fps": 5}  # noqa: RUF012
        render_mode = "rgb_array"
        observation_space = gymnasium.spaces.Box(0, 1, (1,))
        action_space = gymnasium.spaces.Discrete(2)

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            self.time = 0
            return self.observation_space.low, {}

        def step(self, action):
            self.time += 1
            return self.observation_space.high, float(action), self.time == 4, False, {}

        def render(self):
            import numpy

            return numpy.full((32, 32, 3), self.time * 40, dtype=numpy.uint8)

    return Grey()


def test_videos_of_gymnasium(read, grey) -> None:
    """With `monitor_gym` each video that is recorded is logged."""
    pytest.importorskip("moviepy")
    run = wandb.init(mode="offline", monitor_gym=True)
    env = gymnasium.wrappers.RecordVideo(grey, "videos", episode_trigger=lambda episode: True, disable_logger=True)
    for _ in range(2):
        env.reset()
        while not env.step(1)[2]:
            pass
    env.close()
    run.finish()
    videos = [file for file in read(run).all("file") if file["key"] == "videos"]
    assert [video["step"] for video in videos] == [0, 1]
    assert wandb.patched["gym"][0] == ["gymnasium.wrappers.RecordVideo", "stop_recording"]


def test_stable_baselines(read, grey) -> None:
    """Hyperparameters are configuration, metrics come through TensorBoard, the model is sent."""
    baselines = pytest.importorskip("stable_baselines3")
    from wandb.integration.sb3 import WandbCallback

    run = wandb.init(mode="offline", sync_tensorboard=True, config={"seed": 7})
    model = baselines.PPO("MlpPolicy", grey, n_steps=16, batch_size=8, n_epochs=1, tensorboard_log="runs", device="cpu")
    callback = WandbCallback(model_save_path="models", gradient_save_freq=1, verbose=0)
    model.learn(32, callback=callback, log_interval=1)
    run.finish()
    wandb.tensorboard.unpatch()
    recorded = read(run)
    rows = [row for _, row in recorded.rows() if "global_step" in row]
    assert {"time/fps", "rollout/ep_rew_mean", "train/loss"} <= {key for row in rows for key in row}
    assert {row["global_step"] for row in rows} >= {16, 32}
    assert run.config["algo"] == "PPO"
    assert run.config["n_steps"] == 16
    assert run.config["seed"] == 7
    assert "save/model.zip" in {file["key"] for file in recorded.all("file")}
    assert any(one["logName"].startswith("gradients/") for one in recorded.all("data"))
