"""`autolog` for the pipelines of diffusers."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy

import wandb
from wandb.sdk.integration_utils.auto_logging import AutologAPI

# Every pipeline defines its own `__call__`.
PIPELINES = """
AltDiffusion AmusedPipeline AnimateDiff AudioLDM2 AudioLDM BlipDiffusionControlNet BlipDiffusion CycleDiffusion
DDIM DDPM Flux FluxImg2Img IF Kandinsky3Img2Img Kandinsky3 KandinskyCombined
KandinskyImg2ImgCombined KandinskyInpaintCombined
KandinskyV22Combined KandinskyV22Img2ImgCombined KandinskyV22InpaintCombined LDMTextToImage LDM
LatentConsistencyModel MusicLDM PNDM PaintByExample PixArtAlpha PixArtSigma RePaint SemanticStableDiffusion ShapE
StableDiffusion3 StableDiffusion3Img2Img StableDiffusionAdapter StableDiffusionAttendAndExcite
StableDiffusionControlNetImg2Img StableDiffusionControlNetInpaint StableDiffusionControlNet StableDiffusionDepth2Img
StableDiffusionGLIGEN StableDiffusionImageVariation StableDiffusionImg2Img StableDiffusionInpaint
StableDiffusionInstructPix2Pix StableDiffusionLatentUpscale StableDiffusionModelEditing StableDiffusionPanorama
StableDiffusionParadigms StableDiffusionPix2PixZero StableDiffusion StableDiffusionSAG StableDiffusionUpscale
StableDiffusionXLControlNetImg2Img StableDiffusionXLControlNet StableDiffusionXLImg2Img StableDiffusionXLInpaint
StableDiffusionXL StableVideoDiffusion TextToVideoSD TextToVideoZero VersatileDiffusionDualGuided
VersatileDiffusionImageVariation VersatileDiffusionTextToImage WuerstchenCombined
"""
INPUTS = ("prompt", "negative_prompt", "image", "mask_image", "control_image", "example_image", "reference_image")
DEFAULT_RATE = 16_000  # samples a second, of a vocoder that does not say


def resolve(
    args: Sequence[Any], kwargs: dict[str, Any], response: Any, start_time: float, time_elapsed: float
) -> dict[str, Any] | None:
    """Return a table of one call: a row for each thing that it has made, beside what was asked for."""
    pipeline = args[0]
    asked = inspect.signature(type(pipeline).__call__).bind(*args, **kwargs)
    asked.apply_defaults()
    given = {name: value for name, value in asked.arguments.items() if name in INPUTS and value is not None}
    made = _media(pipeline, response)
    if not made:
        return None
    columns = [name.replace("_", "-").title() for name in given]
    kind = type(made[0]).__name__
    table = wandb.Table(columns=[*columns, f"Generated-{kind}"])
    for index, medium in enumerate(made):
        table.add_data(*(_input(value, index) for value in given.values()), medium)
    key = f"{type(pipeline).__name__}-Call-{wandb.run.step if wandb.run else 0}"
    return {f"Result-Table/{key}": table, f"Generated-{kind}/{key}": made, f"Seconds/{key}": time_elapsed}


def _input(value: Any, index: int) -> Any:
    if isinstance(value, (list, tuple)):
        value = value[index * len(value) // max(len(value), index + 1)] if value else None
    return value if value is None or isinstance(value, (str, int, float)) else wandb.Image(value)


def _media(pipeline: Any, response: Any) -> list[Any]:
    """Return what a pipeline has made: images, videos or sounds."""
    if isinstance(response, tuple):  # return_dict=False
        response = {"images": response[0]}
    get = response.get if isinstance(response, dict) else lambda name: getattr(response, name, None)
    if (frames := get("frames")) is not None:
        return [wandb.Video(_film(one)) for one in frames]
    if (sounds := get("audios")) is not None:
        vocoder = getattr(pipeline, "vocoder", None)
        rate = getattr(getattr(vocoder, "config", None), "sampling_rate", DEFAULT_RATE)
        return [wandb.Audio(numpy.asarray(one), sample_rate=rate) for one in sounds]
    images = get("images")
    return [] if images is None else [wandb.Image(one) for one in images]


def _film(frames: Any) -> Any:
    """Return frames as (time, channel, height, width) of bytes."""
    film = numpy.stack([numpy.asarray(frame) for frame in frames])
    if film.dtype != numpy.uint8:
        film = (film * 255).astype(numpy.uint8)
    return film.transpose(0, 3, 1, 2)


autolog = AutologAPI(
    name="diffusers",
    symbols=[f"{name.removesuffix('Pipeline')}Pipeline.__call__" for name in PIPELINES.split()],
    resolver=resolve,
)
