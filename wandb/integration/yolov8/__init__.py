"""YOLOv8, as wandb had it until 0.23: metrics and best weights; `wandb.integration.ultralytics` logs predictions."""

from wandb._native import lazy

__all__ = ("WandbCallback", "add_callbacks")

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.yolov8.yolov8", __all__)
