"""Reads lists of `.wandb` files, each a line of JSON, and prints their records as this environment's wandb has them."""

import json
import sys
from pathlib import Path

from google.protobuf.json_format import MessageToDict

from wandb.proto import wandb_internal_pb2
from wandb_compat.cli import wandb_file

for line in sys.stdin:
    findings = {
        name: [
            MessageToDict(wandb_internal_pb2.Record.FromString(record), preserving_proto_field_name=True)
            for record in wandb_file.records(Path(name))
            if record is not None
        ]
        for name in json.loads(line)
    }
    print(json.dumps(findings), flush=True)
