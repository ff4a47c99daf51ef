"""YOLOv8, as wandb had it until 0.23: metrics and best weights; `wandb.integration.ultralytics` logs predictions."""

from wandb import _lazy

__all__ = ("WandbCallback", "add_callbacks")

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.yolov8.yolov8", __all__)
