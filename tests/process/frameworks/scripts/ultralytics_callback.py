"""Ultralytics trains a detector on drawn squares, with its own callback for wandb switched on in its settings."""

from pathlib import Path

import cv2
import numpy as np
from ultralytics import YOLO, settings

import wandb

settings.update({"wandb": True, "runs_dir": str(Path("runs").absolute())})
rng = np.random.default_rng(7)
for part in ("train", "val"):
    for kind in ("images", "labels"):
        Path("squares", kind, part).mkdir(parents=True)
    for number in range(4):
        picture = rng.integers(0, 60, (64, 64, 3), dtype=np.uint8)
        x, y = rng.integers(10, 30, 2)
        picture[y : y + 24, x : x + 24] = 255
        cv2.imwrite(f"squares/images/{part}/{number}.png", picture)
        Path("squares", "labels", part, f"{number}.txt").write_text(f"0 {(x + 12) / 64} {(y + 12) / 64} 0.375 0.375\n")
Path("squares.yaml").write_text(
    f"path: {Path('squares').absolute()}\ntrain: images/train\nval: images/val\nnames: [square]\n"
)
wandb.init(project="yolo", name="tiny")  # the callback takes a run that is there; its own has the time as its id
YOLO("yolov8n.yaml").train(
    data="squares.yaml", epochs=2, imgsz=64, batch=2, workers=0, device="cpu", project="yolo", name="tiny"
)
