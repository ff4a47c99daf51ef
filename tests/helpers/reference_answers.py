"""Asks one wandb, real or ours, what it makes of references to S3, Google Cloud and the web; writes the answers."""

import json
import os
import sys
from pathlib import Path

import wandb

WEB, VERSION, GENERATION = os.environ["WEB"], os.environ["VERSION"], os.environ["GENERATION"]


def findings(*references):
    """Return digest, size and entries of an artifact of references, each given as URI and options."""
    artifact = wandb.Artifact("art", "dataset")
    for uri, options in references:
        artifact.add_reference(uri, **options)
    contents = artifact.manifest.to_manifest_json()["contents"]
    kept = {path: {k: one.get(k) for k in ("digest", "size", "ref", "extra")} for path, one in contents.items()}
    return [artifact.digest, artifact.size, kept]


CASES = {
    "s3": ("s3://kept/data/a.txt", {}),
    "s3 named": ("s3://kept/data/a.txt", {"name": "x/y.txt"}),
    "s3 version": (f"s3://kept/data/a.txt?versionId={VERSION}", {}),
    "s3 unchecked": ("s3://kept/data/a.txt", {"checksum": False}),
    "s3 bucket unchecked": ("s3://kept", {"checksum": False}),
    "s3 prefix": ("s3://kept/data", {}),
    "s3 prefix with slash": ("s3://kept/data/", {}),
    "s3 prefix named": ("s3://kept/data", {"name": "in"}),
    "s3 prefix in a name": ("s3://kept/da", {}),
    "s3 bucket": ("s3://kept", {}),
    "s3 bucket named": ("s3://kept", {"name": "all"}),
    "s3 bucket without versions": ("s3://plain", {}),
    "s3 at most": ("s3://kept/data", {"max_objects": 2}),
    "s3 empty object": ("s3://kept/data/empty", {}),
    "s3 missing": ("s3://kept/nothing", {}),
    "s3 missing bucket": ("s3://nowhere/a.txt", {}),
    "gs": ("gs://cloud/data/a.txt", {}),
    "gs named": ("gs://cloud/data/a.txt", {"name": "x/y.txt"}),
    "gs generation": (f"gs://cloud/data/a.txt#{GENERATION}", {}),
    "gs unchecked": ("gs://cloud/data/a.txt", {"checksum": False}),
    "gs prefix": ("gs://cloud/data", {}),
    "gs prefix named": ("gs://cloud/data", {"name": "in"}),
    "gs prefix in a name": ("gs://cloud/data/d", {"name": "in"}),
    "gs missing": ("gs://cloud/nothing", {}),
    "web": (f"{WEB}/tagged/file.bin", {}),
    "web named": (f"{WEB}/tagged/file.bin", {"name": "n"}),
    "web without a tag": (f"{WEB}/plain/file.bin?x=1", {}),
    "web redirect": (f"{WEB}/moved/file.bin", {}),
    "web unchecked": (f"{WEB}/tagged/file.bin", {"checksum": False}),
    "web missing": (f"{WEB}/missing/file.bin", {}),
    "other": ("hdfs://cluster/data", {"name": "n"}),
}
answers = {}
for case, reference in CASES.items():
    try:
        answers[case] = findings(reference)
    except Exception as error:
        answers[case] = f"raises {type(error).__module__}.{type(error).__qualname__}: {error}"
Path(sys.argv[1]).write_text(json.dumps(answers), encoding="utf-8")
