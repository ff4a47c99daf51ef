"""Callbacks for `YOLO.train`, `val` and `predict`; metrics are logged by Ultralytics' own callback for wandb."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from ultralytics.utils import RANK

import wandb
from wandb._native.integrations.active_run import active_run, log_model_file
from wandb.errors.term import termwarn

CONFIDENCE = 0.1  # of predictions that are shown
MEASURED = ("Mean-Confidence", "Speed")


class WandBUltralyticsCallback:
    """Logs tables of predictions, and checkpoints; see `add_wandb_callback`."""

    def __init__(
        self,
        model: Any,
        epoch_logging_interval: int = 1,
        max_validation_batches: int = 1,
        enable_model_checkpointing: bool = False,
        visualize_skeleton: bool = False,
    ) -> None:
        self.epoch_logging_interval = epoch_logging_interval
        self.max_validation_batches = max_validation_batches
        self.enable_model_checkpointing = enable_model_checkpointing
        self.visualize_skeleton = visualize_skeleton
        self.task = model.task
        self.model_name = Path(str(model.overrides["model"])).stem if "model" in model.overrides else None
        self._make_predictor = model.task_map[model.task]["predictor"]
        self._overrides = {**model.overrides, "conf": CONFIDENCE, "save": False, "verbose": False}
        self._train_rows: list[list[Any]] = []
        self._epoch: int | None = None

    def on_train_start(self, trainer: Any) -> None:
        """Keep the settings of the training."""
        if wandb.run is None:
            wandb.init(project=trainer.args.project or "YOLOv8", job_type=f"train_{trainer.args.task}")
        wandb.config.update({"train": _settings(trainer.args)}, allow_val_change=True)

    @torch.no_grad()
    def on_fit_epoch_end(self, trainer: Any) -> None:
        """Predict validation images, and keep the checkpoint."""
        if self._epoch == trainer.epoch:  # once more, for the best model, at the end
            return
        self._epoch = trainer.epoch
        if (trainer.epoch + 1) % self.epoch_logging_interval == 0:
            model = copy.deepcopy(getattr(trainer.model, "module", trainer.model)).eval()
            self._train_rows += [[trainer.epoch, *row] for row in self._predicted(model, trainer.validator)]
        if self.enable_model_checkpointing:
            file = Path(trainer.wdir, f"epoch{trainer.epoch}.pt")
            torch.save({"epoch": trainer.epoch, "model": copy.deepcopy(trainer.ema.ema).half()}, file)
            log_model_file(f"run_{active_run('add_wandb_callback()').id}_model", file, [f"epoch_{trainer.epoch}"])

    def on_train_end(self, trainer: Any) -> None:
        """Log what was predicted while training."""
        columns = ["Epoch", "Model-Name", "Data-Index", "Batch-Index", "Image", *MEASURED]
        self._log("Train-Table", columns, self._train_rows)

    def on_val_start(self, validator: Any) -> None:
        """Begin a run if none is active."""
        if wandb.run is None:
            wandb.init(project=validator.args.project or "YOLOv8", job_type=f"validation_{validator.args.task}")

    @torch.no_grad()
    def on_val_end(self, validator: Any) -> None:
        """Log predictions of validation images; while training that is done for each epoch."""
        if getattr(validator, "training", False):
            return
        rows = list(self._predicted(None, validator))
        self._log("Validation-Table", ["Model-Name", "Data-Index", "Batch-Index", "Image", *MEASURED], rows)

    def on_predict_start(self, predictor: Any) -> None:
        """Begin a run if none is active."""
        if wandb.run is None:
            wandb.init(project=predictor.args.project or "YOLOv8", job_type=f"prediction_{predictor.args.task}")
        wandb.config.update({"prediction_configs": _settings(predictor.args)}, allow_val_change=True)

    def on_predict_end(self, predictor: Any) -> None:
        """Log what was predicted."""
        rows = [[self.model_name, self._image(one), len(one), _confidence(one), one.speed] for one in predictor.results]
        self._log("Prediction-Table", ["Model-Name", "Image", "Num-Objects", *MEASURED], rows)

    @property
    def callbacks(self) -> dict[str, Callable[[Any], None]]:
        """The callbacks, by the event that calls them."""
        events = ("train_start", "fit_epoch_end", "train_end", "val_start", "val_end", "predict_start", "predict_end")
        return {f"on_{event}": getattr(self, f"on_{event}") for event in events}

    def _log(self, key: str, columns: list[str], rows: list[list[Any]]) -> None:
        if rows and wandb.run is not None:
            wandb.log({key: wandb.Table(columns=columns, data=rows, allow_mixed_types=True)}, commit=False)

    def _predicted(self, model: Any, validator: Any) -> Iterator[list[Any]]:
        """Yield a row for each image of the first batches."""
        predictor = self._make_predictor(overrides=dict(self._overrides))
        predictor.callbacks = {}  # ours would answer
        predictor.setup_model(model=model if model is not None else self._overrides.get("model"), verbose=False)
        count = 0
        for index, batch in enumerate(validator.dataloader):
            if index == self.max_validation_batches:
                return
            for result in predictor(batch["im_file"]):
                yield [self.model_name, count, index, self._image(result), _confidence(result), result.speed]
                count += 1

    def _image(self, result: Any) -> Any:
        """Return an image with its boxes and masks, or, of poses, with the skeletons drawn."""
        result = result.to("cpu")
        if result.keypoints is not None:
            return wandb.Image(result.plot(kpt_line=self.visualize_skeleton)[:, :, ::-1])
        names = {int(number): str(name) for number, name in result.names.items()}
        boxes, masks = None, None
        if result.boxes is not None:
            found = zip(result.boxes.xywh.tolist(), result.boxes.cls.tolist(), result.boxes.conf.tolist(), strict=True)
            data = [_box(place, int(kind), confidence, names) for place, kind, confidence in found]
            boxes = {"predictions": {"box_data": data, "class_labels": names}}
        if result.masks is not None:
            image = torch.zeros(result.masks.data.shape[1:], dtype=torch.uint8)
            for mask, kind in zip(result.masks.data, result.boxes.cls.tolist(), strict=True):
                image[mask.bool()] = int(kind) + 1  # 0 is where nothing is
            labels = {0: "background", **{number + 1: name for number, name in names.items()}}
            masks = {"predictions": {"mask_data": image.numpy(), "class_labels": labels}}
        return wandb.Image(result.orig_img[:, :, ::-1], boxes=boxes, masks=masks)


def add_wandb_callback(
    model: Any,
    epoch_logging_interval: int = 1,
    enable_model_checkpointing: bool = False,
    enable_train_validation_logging: bool = True,
    enable_validation_logging: bool = True,
    enable_prediction_logging: bool = True,
    max_validation_batches: int | None = 1,
    visualize_skeleton: bool | None = True,
) -> Any:
    """Log what a YOLO model predicts.

    In Pluto: tables `Train-Table`, `Validation-Table` and `Prediction-Table` with boxes, masks or skeletons;
    checkpoints as versions of artifact `run_ID_model`.

    Args:
        model: `ultralytics.YOLO`.
        epoch_logging_interval: epochs between two looks at validation images.
        enable_model_checkpointing: log a checkpoint each epoch.
        enable_train_validation_logging: log predictions while training.
        enable_validation_logging: log predictions of `val`.
        enable_prediction_logging: log what `predict` is asked for.
        max_validation_batches: batches of validation images; None: all.
        visualize_skeleton: draw the lines between key points.

    Returns:
        The model.

    Example:
        >>> add_wandb_callback(model, enable_model_checkpointing=True).train(data="coco8.yaml", epochs=3)
    """
    if RANK not in (-1, 0):
        termwarn("add_wandb_callback() does nothing in this process: the first of the distributed ones logs")
        return model
    ours = WandBUltralyticsCallback(
        model,
        epoch_logging_interval,
        -1 if max_validation_batches is None else max_validation_batches,
        enable_model_checkpointing,
        bool(visualize_skeleton),
    )
    wanted = {
        "on_fit_epoch_end": enable_train_validation_logging or enable_model_checkpointing,
        "on_train_end": enable_train_validation_logging,
        "on_val_start": enable_validation_logging,
        "on_val_end": enable_validation_logging,
        "on_predict_start": enable_prediction_logging,
        "on_predict_end": enable_prediction_logging,
    }
    for event, callback in ours.callbacks.items():
        if wanted.get(event, True):
            model.add_callback(event, callback)
    return model


def _settings(arguments: Any) -> dict[str, Any]:
    return {
        name: value if isinstance(value, (int, float, str)) else str(value) for name, value in vars(arguments).items()
    }


def _box(place: list[float], kind: int, confidence: float, names: dict[int, str]) -> dict[str, Any]:
    x, y, width, height = map(int, place)
    return {
        "position": {"middle": [x, y], "width": width, "height": height},
        "domain": "pixel",
        "class_id": kind,
        "box_caption": names[kind],
        "scores": {"confidence": confidence},
    }


def _confidence(result: Any) -> dict[str, float]:
    """Return the mean confidence of each class, or the likeliest classes of an image."""
    if result.probs is not None:
        best = zip(result.probs.top5, result.probs.top5conf.tolist(), strict=True)
        return {result.names[kind]: confidence for kind, confidence in best}
    found: dict[str, list[float]] = {}
    for kind, confidence in zip(result.boxes.cls.tolist(), result.boxes.conf.tolist(), strict=True):
        found.setdefault(result.names[int(kind)], []).append(confidence)
    return {name: sum(values) / len(values) for name, values in found.items()}
