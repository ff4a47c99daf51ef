"""Media of every kind, with captions, boxes and masks, alone and in lists."""

import pathlib
import wave

import numpy

import wandb

with wave.open("tone.wav", "wb") as file:
    file.setnchannels(1)
    file.setsampwidth(2)
    file.setframerate(8000)
    file.writeframes(numpy.arange(8000, dtype=numpy.int16).tobytes())
pathlib.Path("clip.gif").write_bytes(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;")
pathlib.Path("ligand.pdb").write_text("HEADER\nEND\n")
pathlib.Path("page.html").write_text("<p>page</p>")
pathlib.Path("cloud.pts.json").write_text("[[1, 2, 3]]")
pixels = numpy.arange(8 * 8 * 3, dtype=numpy.uint8).reshape(8, 8, 3)
boxes = {
    "predictions": {
        "box_data": [
            {"position": {"minX": 0.1, "maxX": 0.5, "minY": 0.1, "maxY": 0.5}, "class_id": 1, "scores": {"p": 0.5}}
        ],
        "class_labels": {1: "cat"},
    }
}
masks = {"truth": {"mask_data": numpy.ones((8, 8), dtype=numpy.uint8), "class_labels": {1: "cat"}}}
with wandb.init(project="corpus") as run:
    run.log({"image": wandb.Image(pixels, caption="noise")})
    run.log(
        {
            "grey": wandb.Image(pixels[:, :, 0] / 255.0),
            "images": [wandb.Image(pixels, caption=str(n)) for n in range(3)],
        }
    )
    run.log({"boxes": wandb.Image(pixels, boxes=boxes), "masks": wandb.Image(pixels, masks=masks)})
    run.log({"audio": wandb.Audio("tone.wav", caption="tone")})
    run.log({"video": wandb.Video("clip.gif", caption="clip")})
    run.log({"histogram": wandb.Histogram([1, 2, 2, 3]), "bins": wandb.Histogram(np_histogram=([1, 2], [0, 1, 2]))})
    run.log({"html": wandb.Html("<b>bold</b>"), "page": wandb.Html(open("page.html"))})
    run.log({"points": wandb.Object3D(numpy.ones((5, 3))), "molecule": wandb.Molecule("ligand.pdb")})
    run.log({"mixed": {"image": wandb.Image(pixels), "number": 1}})
    for wrong in (lambda: wandb.Image("missing.png"), lambda: wandb.Audio(numpy.ones(5)), lambda: wandb.Video(5)):
        try:
            run.log({"wrong": wrong()})
        except Exception as error:
            print(type(error).__name__, error)
print(sorted(path.name.split("_")[0] for path in pathlib.Path("wandb").rglob("media/**/*") if path.is_file()))
