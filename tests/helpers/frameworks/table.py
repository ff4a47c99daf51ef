"""The table of frameworks: what is installed, the script that uses it, and what has to be recorded of it."""

from dataclasses import dataclass, field

# Exactly this one: a range is answered with a build for graphics cards, of several gigabytes.
TORCH = "torch==2.13.0"

# Scripts that are run with the other tests too: they take seconds, and differ in kind.
QUICK = ("hydra_app", "optuna_callback")

# What is installed together, by the name of the environment. One group serves several rows.
GROUPS: dict[str, tuple[str, ...]] = {
    "light": (
        "hydra-core==1.3.*",
        "lightgbm==4.*",
        "lightning-utilities",
        "numpy",
        "omegaconf==2.3.*",
        "optuna-integration>=4",
        "scikit-learn",
        "tensorboard==2.*",
        "tensorboardX==2.*",
        "xgboost-cpu==3.*",
    ),
    "torch": (
        TORCH,
        "accelerate==1.*",
        "catboost==1.2.*",
        "diffusers==0.*",
        "lightning==2.6.*",
        "lm-eval==0.4.*",
        "numpy",
        "optuna",
        "pillow",
        "ray[tune]==2.*",
        "sentence-transformers>=5",
        "stable-baselines3==2.*",
        "tensorboard==2.*",
        "transformers==5.*",
        "trl==1.*",
    ),
    "keras": ("keras==3.*", "tensorflow-cpu>=2.18"),  # wandb's callbacks import tensorflow, whatever the backend
    "fastai": (
        TORCH,
        "fastai==2.8.7",
        "fastcore<2",
    ),  # from 2.8.9 on its callback fails on every number of the configuration
    "torchtune": (TORCH, "torchao==0.10.*", "torchtune==0.6.*"),
    "torchtitan": (TORCH, "torchtitan==0.3.*"),
    "verl": (TORCH, "verl==0.9.*"),
    "inspect": ("inspect-ai==0.3.*", "inspect-wandb==0.3.*"),
    "ultralytics": ("torch==2.14.1", "torchvision==0.29.1", "ultralytics==8.*"),
    "composer": ("mosaicml==0.32.*",),
    "openrlhf": (),
    "research": (TORCH, "pytorch-ignite==0.5.*", "skorch==1.*"),
    "lerobot": (),
}

# Where the newest wandb does not do: the release that the library asks for.
REALS = {"composer": "wandb==0.18.*", "lerobot": "wandb==0.24.*"}

# Installed beside that without what they require: what is built for graphics cards only, as flash-attn and deepspeed,
# or drives robots.
BARE: dict[str, tuple[str, ...]] = {
    "lerobot": ("lerobot==0.4.*",),
    "openrlhf": ("openrlhf==0.11.*",),
}

EVENT_FILE = r".*tfevents\.\d+\..*"  # its name tells the time and the process

# Required by some, and of no build that goes with TORCH.
UNFIT = ("torchvision",)


@dataclass(frozen=True)
class Framework:
    """One row: a library as its users run it.

    Args:
        title: what the page calls it.
        script: file in `scripts`, without suffix.
        distribution: whose version the page shows; empty for scripts that use wandb alone.
        group: the environment, a key of GROUPS.
        expected: regular expressions, each of which has to match something that wandb has recorded, written as `history
            KEY`, `config KEY`, `summary KEY`, `tag TAG`, `artifact NAME`, `file PATH` or `media KEY`.
        loose: regular expression for names whose value is another in each execution, as times are, and for files
            that each execution names otherwise.
        beyond: regular expression for names of which Pluto has, in pluto mode, what wandb drops.
        runs: how many runs the script makes.
        settings: those in which it is compared with the real wandb alone.
        variables: of the environment.
        note: what the page says of it.
    """

    title: str
    script: str
    distribution: str
    group: str
    expected: tuple[str, ...]
    loose: str = ""
    beyond: str = ""
    runs: int = 1
    settings: tuple[str, ...] = ("dual", "pluto")
    variables: dict[str, str] = field(default_factory=dict)
    note: str = ""


FRAMEWORKS = (
    Framework(
        'transformers, `Trainer(report_to="wandb")`',
        "transformers_trainer",
        "transformers",
        "torch",
        (
            "history train/loss",
            "history eval/loss",
            "history gradients/.*",
            "config learning_rate",
            "artifact model-.*",
        ),
        loose=r".*(runtime|_per_second|total_flos)|model-.*",
        variables={"WANDB_LOG_MODEL": "checkpoint", "WANDB_WATCH": "all"},
        note="`WANDB_LOG_MODEL=checkpoint`, `WANDB_WATCH=all`",
    ),
    Framework(
        "transformers, hyperparameter search",
        "transformers_search",
        "transformers",
        "torch",
        ("history train/loss", "history eval/loss", "config learning_rate"),
        loose=r".*(runtime|_per_second|total_flos)",
        runs=3,
        note="with optuna, a run a trial",
    ),
    Framework(
        'accelerate, `Accelerator(log_with="wandb")`',
        "accelerate_tracker",
        "accelerate",
        "torch",
        ("history loss", "history nested.step", "config rate", "tag a", "media rows", "media pictures", "summary best"),
    ),
    Framework(
        "Lightning, `WandbLogger`",
        "lightning_logger",
        "lightning",
        "torch",
        (
            "history train/loss",
            "history val_loss",
            "history gradients/.*",
            "config rate",
            "tag t",
            "artifact model-.*",
            "media pictures",
            "media rows",
            "media texts",
            "summary best",
        ),
        note="`log_model`, checkpoints, `log_image`, `log_table`, `log_text`, `watch`",
    ),
    Framework(
        "Lightning, two processes",
        "lightning_offline",
        "lightning",
        "torch",
        ("history loss", "config processes"),
        note="`offline=True`, `ddp_spawn`",
    ),
    Framework(
        "nanoGPT's way",
        "nanogpt_style",
        "",
        "light",
        ("history train/loss", "history iter", "config learning_rate", "config wandb_run_name"),
        note="a script of our own: globals as configuration",
    ),
    Framework(
        "hydra + OmegaConf",
        "hydra_app",
        "hydra-core",
        "light",
        ("history loss", "config model", "config job", "tag a", "tag b", "artifact settings", "file model.txt"),
    ),
    Framework(
        "XGBoost, `WandbCallback`",
        "xgboost_callback",
        "xgboost-cpu",
        "light",
        ("history train-rmse", "history valid-rmse", "history epoch", "artifact run-.*"),
    ),
    Framework(
        "LightGBM, `wandb_callback`, `log_summary`",
        "lightgbm_callback",
        "lightgbm",
        "light",
        ("history valid_rmse", "history valid_l1", "config num_leaves", "artifact model_.*"),
    ),
    Framework(
        "CatBoost, `WandbCallback`, `log_summary`",
        "catboost_callback",
        "catboost",
        "torch",
        ("history learn-RMSE", "history validation-RMSE", "artifact model_.*"),
        loose="model_.*",  # the time at which it was trained is in the file
    ),
    Framework(
        "cleanrl's way",
        "cleanrl_style",
        "",
        "torch",
        ("history charts/episodic_return", "history global_step", "config learning_rate"),
        loose=EVENT_FILE,
        beyond=".*text_summary",
        note="a script of our own: `sync_tensorboard=True`, `SummaryWriter`, `save_code=True`",
    ),
    Framework(
        "tensorboardX",
        "tensorboardx_writer",
        "tensorboardX",
        "light",
        ("history loss/train", "history global_step", "media weights", "media picture", "config rate", "tag b"),
        loose=EVENT_FILE,
        beyond=".*text_summary",
        note="`sync_tensorboard=True`; texts, which wandb leaves in the file, are in Pluto in pluto mode",
    ),
    Framework(
        "Stable-Baselines3, `WandbCallback`",
        "stable_baselines",
        "stable-baselines3",
        "torch",
        ("history train/loss", "config policy", "config algo", "file .*model.zip"),
        # The address of objects is shown.
        loose=rf"{EVENT_FILE}|time/fps|time_elapsed|start_time|_logger|env|rollout_buffer",
        note="with `sync_tensorboard=True`",
    ),
    Framework(
        "sentence-transformers",
        "sentence_transformers_trainer",
        "sentence-transformers",
        "torch",
        ("history train/loss",),
        loose=r".*(runtime|_per_second|total_flos)",
    ),
    Framework(
        "trl, `SFTTrainer`",
        "trl_sft",
        "trl",
        "torch",
        ("history train/loss", "history train/mean_token_accuracy", "config max_length"),
        loose=r".*(runtime|_per_second|total_flos)",
    ),
    Framework(
        "diffusers, its trackers",
        "diffusers_tracker",
        "diffusers",
        "torch",
        ("history train_loss", "media validation", "config resolution"),
    ),
    Framework(
        "optuna-integration, `WeightsAndBiasesCallback`",
        "optuna_callback",
        "optuna-integration",
        "light",
        ("history error", "history power", "config x", "tag o"),
        beyond="error|trial_number|x",
        runs=3,
        variables={"WANDB_NAME": "optimised"},
        note="`as_multirun=True`, `track_in_wandb`; of the first trial, wandb drops a row whose step is lower",
    ),
    Framework(
        "Ray Tune, `WandbLoggerCallback`",
        "ray_tune",
        "ray",
        "torch",
        ("history error", "config x", "tag r"),
        loose=r".*(time_.*|timestamp|date|pid|hostname|node_ip|trial_id|trial_log_path|experiment_id|iterations_since_restore)",
        runs=2,
    ),
    Framework(
        "Keras 3, `WandbMetricsLogger`, `WandbModelCheckpoint`",
        "keras_callbacks",
        "keras",
        "keras",
        ("history epoch/loss", "history batch/loss", "config units", "artifact run_.*_model"),
        loose="run_.*_model",  # the time is in the file
    ),
    Framework(
        "fastai, `WandbCallback`",
        "fastai_callback",
        "fastai",
        "fastai",
        ("history train_loss", "history accuracy", "tag f", "artifact model"),
        loose="train_samples_per_sec|Learner",  # the learner's address is shown
    ),
    Framework(
        "lm-eval, `WandbLogger`",
        "lm_eval_logger",
        "lm-eval",
        "torch",
        ("config task_configs", "media .*eval_results", "artifact results"),
    ),
    Framework(
        "torchtune, `WandBLogger`",
        "torchtune_logger",
        "torchtune",
        "torchtune",
        ("history loss", "history global_step", "config optimizer"),
    ),
    Framework(
        "torchtitan, `WandBLogger`",
        "torchtitan_logger",
        "torchtitan",
        "torchtitan",
        ("history train/loss", "config model"),
        note="requires the distribution `wandb`: without it, as after `pip uninstall wandb`",
    ),
    Framework(
        "verl, `Tracking`",
        "verl_tracking",
        "verl",
        "verl",
        ("history actor/loss", "config lr", "media val/generations"),
        note="requires the distribution `wandb`: without it, as after `pip uninstall wandb`",
    ),
    Framework(
        "inspect, by inspect_wandb",
        "inspect_hooks",
        "inspect-ai",
        "inspect",
        ("history accuracy", "history samples", "config inspect task metadata", "tag inspect_task:tiny"),
        loose="logs|inspect task metadata",  # random names
        variables={"WANDB_API_KEY": "0" * 40, "WANDB_ENTITY": "unknown"},
        note="requires the distribution `wandb`, as above, and that `WANDB_API_KEY` and `WANDB_ENTITY` are set",
    ),
    Framework(
        "ultralytics, its callback",
        "ultralytics_callback",
        "ultralytics",
        "ultralytics",
        (
            "history train/box_loss",
            "history metrics/mAP50\\(B\\)",
            "history lr/pg0",
            "config imgsz",
            "media .*results",
            "artifact run_.*_model",
        ),
        loose=r"run_.*_model|.*_table-.*|model/speed.*",  # the time is in the file
        note="`yolo settings wandb=True`",
    ),
    Framework(
        "composer, `WandBLogger`",
        "composer_logger",
        "mosaicml",
        "composer",
        (
            "history loss/train/total",
            "history time/batch",
            "media pictures Table",
            "media rows",
            "tag c",
            "artifact .*",
        ),
        loose="checkpoints.ep.*",  # times are in the file
        note="`log_artifacts=True`; with wandb 0.18, as it asks for none newer than that",
    ),
    Framework(
        "OpenRLHF, its `WandbLogger`",
        "openrlhf_logger",
        "openrlhf",
        "openrlhf",
        (
            "history train/policy_loss",
            "history train/global_step",
            "history eval/accuracy",
            "media train/generated_samples",
        ),
        note="this module alone: the trainers need graphics cards",
    ),
    Framework(
        "PyTorch-Ignite, `WandBLogger`",
        "ignite_logger",
        "pytorch-ignite",
        "research",
        ("history training/loss", "history validation/mae", "history lr/group_0", "history gradients/.*", "tag i"),
        note="output, optimizer and `watch` handlers",
    ),
    Framework(
        "skorch, `WandbLogger`",
        "skorch_logger",
        "skorch",
        "research",
        ("history train_loss", "history valid_loss", "config lr"),
        loose="dur",
    ),
    Framework(
        "lerobot, `WandBLogger`",
        "lerobot_logger",
        "lerobot",
        "lerobot",
        (
            "history train/loss",
            "history eval/success",
            "config policy",
            "tag seed:1",
            "artifact .*",
            "media eval/video",
        ),
        note="this module alone; with wandb 0.24, as it asks for none newer than that",
    ),
)
