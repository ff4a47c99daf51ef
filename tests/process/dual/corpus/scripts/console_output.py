"""Output of every kind: lines, carriage returns, escapes, parts of lines, on both streams."""

import logging
import sys

import wandb

with wandb.init(project="corpus") as run:
    print("a line")
    print("no end", end="")
    print(" of line")
    for number in range(5):
        print(f"\rprogress {number}", end="", flush=True)
    print()
    print("\x1b[31mred\x1b[0m größer ✓")
    sys.stdout.writelines(["one\n", "two\n"])
    print("to stderr", file=sys.stderr)
    logging.warning("logged")
    print("a\nb\n\nc")
    print(sys.stdout.write("counted\n"), sys.stdout.isatty(), sys.stdout.encoding)
    sys.stdout.flush()
    run.log({"a": 1})
print("after")
