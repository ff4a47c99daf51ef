"""Wrong arguments for init and log, and what wandb says to them."""

import wandb

for wrong in (
    {"project": "a/b"},
    {"project": "x" * 200},
    {"id": "bad/id"},
    {"id": ""},
    {"mode": "sometimes"},
    {"config": 5},
    {"tags": [1, 2]},
    {"tags": ["x" * 100]},
    {"no_such_argument": 1},
    {"resume": "sometimes"},
    {"dir": 5},
):
    try:
        run = wandb.init(**{"project": "corpus", **wrong})
        print(sorted(wrong), "taken")
        run.finish()
    except Exception as error:
        print(sorted(wrong), type(error).__name__, error)
with wandb.init(project="corpus") as run:
    for wrong in ((5,), (None,), ("text",), ([1],), ({1: 2},), ({"a": 1}, "five"), ({"a": 1}, -1), ({"a": 1}, 1.5)):
        try:
            print(wrong, run.log(*wrong))
        except Exception as error:
            print(wrong, type(error).__name__, error)
    try:
        run.log({"a": 1}, no_such_argument=1)
    except Exception as error:
        print(type(error).__name__, error)
    run.log({"good": 1})
