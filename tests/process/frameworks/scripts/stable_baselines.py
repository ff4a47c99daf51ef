"""Stable-Baselines3 with wandb's callback and the TensorBoard log that it is synchronised from."""

import gymnasium
from stable_baselines3 import PPO

import wandb
from wandb.integration.sb3 import WandbCallback

with wandb.init(project="sb3", config={"policy": "MlpPolicy"}, sync_tensorboard=True, save_code=True) as run:
    model = PPO(
        "MlpPolicy", gymnasium.make("CartPole-v1"), n_steps=32, batch_size=16, n_epochs=1, seed=7, device="cpu",
        tensorboard_log="runs",
    )  # fmt: skip
    model.learn(96, callback=WandbCallback(gradient_save_freq=32, model_save_path="models", verbose=0))
