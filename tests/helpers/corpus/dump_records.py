"""Prints as JSON the records of the `.wandb` files that are its arguments, as this environment's wandb reads them."""

import json
import sys
from pathlib import Path

from google.protobuf.json_format import MessageToDict

from wandb.proto import wandb_internal_pb2
from wandb_compat.cli import wandb_file

findings = {}
for name in sys.argv[1:]:
    findings[name] = [
        MessageToDict(wandb_internal_pb2.Record.FromString(record), preserving_proto_field_name=True)
        for record in wandb_file.records(Path(name))
        if record is not None
    ]
print(json.dumps(findings))
