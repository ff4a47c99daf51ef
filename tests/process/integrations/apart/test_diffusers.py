"""diffusers: a small pipeline makes pictures for real."""

import json

import pytest

import wandb

pytest.importorskip("diffusers", exc_type=ImportError)


def test_pictures_are_logged(read) -> None:
    """While `autolog` is on each call is a table with what was made, and how long it took; afterwards none is."""
    from diffusers import DDPMPipeline, DDPMScheduler, DiffusionPipeline, UNet2DModel

    from wandb.integration.diffusers import autolog

    blocks = ("DownBlock2D", "DownBlock2D"), ("UpBlock2D", "UpBlock2D")
    net = UNet2DModel(8, 3, 3, block_out_channels=(8, 8), layers_per_block=1, norm_num_groups=4,
                      down_block_types=blocks[0], up_block_types=blocks[1])  # fmt: skip
    before = DDPMPipeline(net, DDPMScheduler(10))
    run = wandb.init(mode="offline")
    original = DDPMPipeline.__call__
    autolog()

    class Twice(DiffusionPipeline):
        """Is defined later, and calls another one."""

        def __call__(self, pipeline):
            return pipeline(num_inference_steps=1)

    made = DDPMPipeline(net, DDPMScheduler(10))
    for pipeline in (before, made):
        pipeline.set_progress_bar_config(disable=True)
    assert len(before(batch_size=2, num_inference_steps=2).images) == 2
    made(batch_size=1, num_inference_steps=2, output_type="np", return_dict=False)
    Twice()(made)
    autolog.disable()
    before(num_inference_steps=2)
    Twice()(made)
    run.finish()
    assert DDPMPipeline.__call__ is original and "__init_subclass__" not in vars(DiffusionPipeline)
    found = read(run)
    rows = [sorted(row) for _, row in found.rows() if row]
    calls = ["DDPMPipeline-Call-0", "DDPMPipeline-Call-1", "Twice-Call-2"]
    assert rows == [[f"Seconds/{call}"] for call in calls]
    tables = {
        one["logName"]: json.loads(one["data"])["table"] for one in found.all("data") if one["dataType"] == "TABLE"
    }
    assert {key: len(rows) for key, rows in tables.items()} == {
        "Result-Table/DDPMPipeline-Call-0": 2,
        "Result-Table/DDPMPipeline-Call-1": 1,
        "Result-Table/Twice-Call-2": 1,
    }
    pictures = [file["key"] for file in found.all("file") if file["key"].startswith("Generated-Image/")]
    assert pictures == [f"Generated-Image/{call}" for call in (calls[0], *calls)]
