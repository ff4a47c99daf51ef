"""References to real servers of S3, Google Cloud storage and the web: as wandb notes them, and had again."""

import http.server
import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.helpers.environments import HELPERS, ROOT
from tests.helpers.server_state import Script

OBJECTS = {"data/a.txt": b"first", "data/sub/b.bin": bytes(1000), "data/sub/c.txt": b"c", "top.txt": b"top"}


class Web(http.server.BaseHTTPRequestHandler):
    """`/tagged/` has an etag, `/plain/` none, `/moved/` leads to the first, `/missing/` is not there."""

    def do_GET(self) -> None:
        kind = self.path.split("/")[1]
        if kind in ("missing", "moved"):
            self.send_response(404 if kind == "missing" else 302)
            if kind == "moved":
                self.send_header("Location", "/tagged/file.bin")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        if kind == "tagged":
            self.send_header("ETag", '"the-tag"')
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"abc")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def outside() -> Iterator[dict[str, str]]:
    """Servers of S3, Google Cloud storage and the web on loopback with some objects; what lets libraries find them."""
    from gcp_storage_emulator.server import create_server
    from moto.server import ThreadedMotoServer

    s3 = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    gs, cloud = create_server("127.0.0.1", port, in_memory=True), f"http://127.0.0.1:{port}"
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    s3.start()
    gs.start()
    host, port = s3.get_host_and_port()
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    endpoint = f"http://{host}:{port}"
    client = _s3({"AWS_S3_ENDPOINT_URL": endpoint})
    for bucket in ("kept", "plain"):
        client.create_bucket(Bucket=bucket)
    client.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    for bucket in ("kept", "plain"):
        for key, content in {**OBJECTS, "data/empty": b""}.items():
            client.put_object(Bucket=bucket, Key=key, Body=content)
    version = client.head_object(Bucket="kept", Key="data/a.txt")["VersionId"]
    client.put_object(Bucket="kept", Key="data/a.txt", Body=b"second")
    requests.post(f"{cloud}/storage/v1/b", json={"name": "cloud"}, timeout=10).raise_for_status()
    for key, content in OBJECTS.items():
        answer = requests.post(
            f"{cloud}/upload/storage/v1/b/cloud/o",
            params={"uploadType": "media", "name": key},
            data=content,
            timeout=10,
        )
        answer.raise_for_status()
        if key == "data/a.txt":
            generation = answer.json()["generation"]
    yield {
        **keys,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_S3_ENDPOINT_URL": endpoint,
        "STORAGE_EMULATOR_HOST": cloud,
        "GOOGLE_CLOUD_PROJECT": "test",
        "WEB": f"http://127.0.0.1:{web.server_port}",
        "VERSION": version,
        "GENERATION": generation,
    }
    web.shutdown()
    gs.stop()
    s3.stop()


def _s3(outside: dict[str, str]) -> Any:
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=outside["AWS_S3_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def ask(python: Path | str, folder: Path, environment: dict[str, str]) -> dict[str, object]:
    """Return the answers of the wandb that a Python imports."""
    folder.mkdir()
    shutil.copy(HELPERS / "reference_answers.py", folder)
    done = subprocess.run(
        [python, "reference_answers.py", "answers.json"],
        cwd=folder,
        env={**environment, "WANDB_ERROR_REPORTING": "false"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads((folder / "answers.json").read_text()))


def test_references_are_noted_as_wandb_notes_them(
    clean_environment: dict[str, str], outside: dict[str, str], tmp_path: Path, real_python: Path
) -> None:
    """Digests, sizes, etags, versions and exceptions are those of the real wandb, for every kind of reference."""
    environment = {**clean_environment, **outside}
    theirs = ask(real_python, tmp_path / "theirs", environment)
    here = {"PYTHONPATH": str(ROOT), "DISABLE_WANDB_LOGGING": "true"}
    ours = ask(sys.executable, tmp_path / "ours", {**environment, **here})
    assert {case: (theirs[case], ours[case]) for case in theirs if theirs[case] != ours[case]} == {}


def test_references_lead_back_to_the_same_content(script: Script, outside: dict[str, str]) -> None:
    """What a reference was made of is downloaded, an older version too; changed and deleted files cause
    different errors."""
    s3 = _s3(outside)
    s3.put_object(Bucket="kept", Key="moving", Body=b"old")
    s3.put_object(Bucket="plain", Key="moving", Body=b"old")
    script(
        """
        import os, wandb
        from pathlib import Path
        web = os.environ["WEB"]
        with open("local.txt", "w") as f: f.write("local")
        with wandb.init() as run:
            artifact = wandb.Artifact("refs", "dataset")
            for uri in ("s3://kept/data", "gs://cloud/data", f"{web}/tagged"):
                artifact.add_reference(uri, name=uri.partition(":")[0])
            artifact.add_reference(Path("local.txt").absolute().as_uri())
            artifact.add_reference("s3://kept/moving", name="moving")
            artifact.add_reference("s3://kept/data/a.txt", name="unchecked", checksum=False)
            run.log_artifact(artifact).wait()
            gone = wandb.Artifact("gone", "dataset")
            gone.add_reference("s3://plain/moving")
            gone.add_reference("s3://plain/top.txt")
            run.log_artifact(gone).wait()
        """,
        **outside,
    )
    s3.put_object(Bucket="kept", Key="moving", Body=b"new")
    s3.put_object(Bucket="plain", Key="moving", Body=b"new")
    script(
        """
        import wandb
        from pathlib import Path
        with wandb.init() as run:
            artifact = run.use_artifact("refs:latest")
            folder = Path(artifact.download())
            files = [path for path in folder.rglob("*") if path.is_file()]
            found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
            gs = {"gs/a.txt": b"first", "gs/sub/b.bin": bytes(1000), "gs/sub/c.txt": b"c"}
            s3 = {"s3/a.txt": b"second", "s3/sub/b.bin": bytes(1000), "s3/sub/c.txt": b"c"}
            rest = {"http": b"abc", "local.txt": b"local", "moving": b"old", "unchecked": b"second"}
            assert found == {**gs, **s3, **rest}, found
            gone = run.use_artifact("gone:v0")
            try: gone.download("gone")
            except FileNotFoundError as error: assert "matching etag" in str(error)
            else: raise AssertionError
            assert Path(gone.download("gone", allow_missing_references=True), "top.txt").read_bytes() == b"top"
            Path("local.txt").write_text("other")
            try: artifact.download("again")
            except ValueError as error: assert "Digest mismatch" in str(error)
            else: raise AssertionError
        """,
        **outside,
    )
