"""Tables of plain values, of media and with added rows and columns."""

import numpy

import wandb

wandb.util._get_max_cli_version = lambda: None  # old releases ask their server, for a minute
with wandb.init(project="corpus") as run:
    table = wandb.Table(columns=["name", "value", "flag"], data=[["a", 1, True], ["b", 2.5, False]])
    table.add_data("c", float("nan"), None)
    print(table.columns, len(table.data), table.get_column("name"))
    run.log({"table": table})
    pixels = numpy.zeros((4, 4, 3), dtype=numpy.uint8)
    run.log({"pictures": wandb.Table(columns=["image"], data=[[wandb.Image(pixels)], [wandb.Image(pixels + 9)]])})
    run.log({"empty": wandb.Table(columns=["x"])})
    grown = wandb.Table(columns=["x"], data=[[1], [2]])
    grown.add_column("y", [3, 4])
    run.log({"grown": grown})
    try:
        table.add_data("too", "few")
    except Exception as error:
        print(type(error).__name__, error)
    try:
        wandb.Table(columns=["a"], data=5)
    except Exception as error:
        print(type(error).__name__, error)
