"""Dual mode beside the real wandb alone, in one process: of two runs only one is mirrored, and they take turns.

Prints one line of JSON: what `log` and `init` take, and an epoch of a small training loop where torch is there.
"""

import json
import os
import sys
import time
from statistics import median

import wandb

clock = time.perf_counter
SIDES = ("wandb", "dual")


def begin(side: str) -> object:
    """Begin a run that is mirrored or not."""
    os.environ["PLUTO_MODE"] = "online" if side == "dual" else "disabled"
    return wandb.init(project="bench", settings=wandb.Settings(console="off", silent=True), reinit="create_new")


def in_turn(turn: int) -> tuple[str, ...]:
    """Return the sides, now the one and now the other first."""
    return SIDES if turn % 2 else SIDES[::-1]


def logging(calls: int) -> dict[str, dict[str, float]]:
    """Return median and 90th percentile of the caller's time of a call with ten scalars, by side, in seconds."""
    runs = {side: begin(side) for side in SIDES}
    spent: dict[str, list[float]] = {side: [] for side in SIDES}
    for call in range(calls):
        row = {f"metric/{name}": (call + name) / 7 for name in range(10)}
        for side in in_turn(call):
            log = runs[side].log
            began = clock()
            log(row)
            spent[side].append(clock() - began)
    for run in runs.values():
        run.finish()
    first = calls // 10  # the first rows do work that the others don't
    findings = {side: sorted(times[first:]) for side, times in spent.items()}
    return {side: {"p50": median(times), "p90": times[len(times) * 9 // 10]} for side, times in findings.items()}


def starting(rounds: int) -> dict[str, float]:
    """Return the median of `init`, by side, in seconds; the first of each is not counted."""
    spent: dict[str, list[float]] = {side: [] for side in SIDES}
    for turn in range(rounds + 1):
        for side in in_turn(turn):
            began = clock()
            run = begin(side)
            spent[side].append(clock() - began)
            run.finish()
    return {side: median(times[1:]) for side, times in spent.items()}


def training(epochs: int, steps: int = 300) -> dict[str, float]:
    """Return the median of an epoch that logs three values a step, by side, in seconds."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(256, 512), torch.nn.ReLU(), torch.nn.Linear(512, 10))
    optimizer = torch.optim.AdamW(model.parameters())
    inputs, targets = torch.randn(steps, 128, 256), torch.randint(10, (steps, 128))
    runs = {side: begin(side) for side in SIDES}
    spent: dict[str, list[float]] = {side: [] for side in SIDES}
    for turn in range(epochs + 1):
        for side in in_turn(turn):
            run = runs[side]
            began = clock()
            for step in range(steps):
                optimizer.zero_grad()
                loss = torch.nn.functional.cross_entropy(model(inputs[step]), targets[step])
                loss.backward()
                optimizer.step()
                run.log({"loss": loss.item(), "epoch": turn, "lr": 1e-3})
            spent[side].append(clock() - began)
    for run in runs.values():
        run.finish()
    return {side: median(times[1:]) for side, times in spent.items()}


def main() -> None:
    """Take a turn: `dual.py CALLS INITS EPOCHS`."""
    calls, inits, epochs = map(int, sys.argv[1:4])
    logged, started, trained = logging(calls), starting(inits), training(epochs)
    findings = {side: {**logged[side], "init": started[side], "epoch": trained[side]} for side in SIDES}
    findings["dual"]["more"] = findings["dual"]["p50"] - findings["wandb"]["p50"]
    print(json.dumps(findings), file=sys.__stdout__)


if __name__ == "__main__":
    main()
