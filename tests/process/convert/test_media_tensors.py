"""Tensors of torch, jax and tensorflow are taken wherever arrays are, whatever their type, place or gradient."""

import importlib.util
import io
import json
from collections.abc import Callable
from typing import Any

import numpy
import pytest
import soundfile
from PIL import Image

import wandb
from tests.process.convert.conftest import Log

RNG = numpy.random.default_rng(0)
BYTES = RNG.integers(0, 256, (4, 6, 3), dtype=numpy.uint8)
UNIT = RNG.integers(0, 2, (4, 6, 3)).astype(numpy.float32)  # zeros and ones: the same in every type of float
SOUND = numpy.sin(numpy.arange(80)).astype(numpy.float32)
FILM = RNG.integers(0, 256, (3, 3, 4, 4), dtype=numpy.uint8)
HAS_TENSORFLOW = importlib.util.find_spec("tensorflow") is not None

Make = Callable[[Any], Any]


def libraries() -> dict[str, dict[str, Make]]:
    """Return by library the ways to make tensors of an array: as it is, of 16 bits, with a gradient…"""
    import jax.numpy as jnp
    import torch

    found: dict[str, dict[str, Make]] = {
        "torch": {
            "same": torch.tensor,
            "brain": lambda array: torch.tensor(array).bfloat16(),
            "half": lambda array: torch.tensor(array).half(),
            "gradient": lambda array: torch.tensor(array.astype(numpy.float32), requires_grad=True),
        },
        "jax": {"same": jnp.array, "brain": lambda array: jnp.array(array).astype(jnp.bfloat16)},
    }
    if HAS_TENSORFLOW:
        import tensorflow as tf

        found["tensorflow"] = {
            "same": tf.constant,
            "brain": lambda array: tf.cast(tf.constant(array), tf.bfloat16),
            "variable": tf.Variable,
        }
    return found


@pytest.fixture(scope="module")
def makes() -> dict[str, tuple[str, Make]]:
    """The ways by name, with the library."""
    return {f"{library} {way}": (library, make) for library, ways in libraries().items() for way, make in ways.items()}


def test_tensors_are_images(log: Log, makes: dict[str, tuple[str, Make]]) -> None:
    """Bytes arrive as they are and floats in [0, 1] fill the range; torch's have their channels first."""
    images = {}
    for name, (library, make) in makes.items():
        first: Make = (lambda array: numpy.moveaxis(array, 2, 0).copy()) if library == "torch" else numpy.copy
        images[name] = wandb.Image(make(first(UNIT)))
        if name.endswith(("same", "variable")):
            images[f"{name} bytes"] = wandb.Image(make(first(BYTES)))
            images[f"{name} grey"] = wandb.Image(make(BYTES[..., 0].copy()))
            images[f"{name} mask"] = wandb.Image(BYTES, masks={"m": {"mask_data": make(BYTES[..., 0] // 2)}})
    seen = log(images)
    for name in makes:
        assert (seen.file(name).pixels() == UNIT * 255).all(), name
        if f"{name} bytes" in images:
            assert (seen.file(f"{name} bytes").pixels() == BYTES).all(), name
            assert (seen.file(f"{name} grey").pixels() == BYTES[..., 0]).all(), name
            mask, _ = sorted(seen.files(f"{name} mask"), key=lambda one: one.type != "mask")
            assert (mask.pixels()[..., 0] == BYTES[..., 0] // 2).all(), name


def test_tensors_are_audio_and_video(log: Log, makes: dict[str, tuple[str, Make]]) -> None:
    """Samples and frames arrive as those of the array do."""
    ways = {name: make for name, (_, make) in makes.items() if "half" not in name}
    seen = log(
        {f"sound {name}": wandb.Audio(make(SOUND), sample_rate=8000) for name, make in ways.items()}
        | {f"film {name}": wandb.Video(make(FILM), format="gif") for name, make in ways.items() if "brain" not in name}
        | {"film": wandb.Video(FILM, format="gif")}
    )
    for name in ways:
        samples, rate = soundfile.read(io.BytesIO(seen.file(f"sound {name}").content))
        assert rate == 8000 and abs(samples - SOUND).max() < (0.01 if "brain" in name else 0.0001), name
        if "brain" not in name:
            assert seen.file(f"film {name}").content == seen.file("film").content, name
    assert Image.open(io.BytesIO(seen.file("film").content)).size == (4, 4)


def test_tensors_are_histograms_and_cells(log: Log, makes: dict[str, tuple[str, Make]]) -> None:
    """Histograms count their numbers; in a table a tensor is a list of numbers, and one without shape a number."""
    numbers = numpy.array([0.0, 1, 1, 2], dtype=numpy.float32)
    for name, (_, make) in makes.items():
        assert wandb.Histogram(make(numbers), num_bins=2).histogram == [1, 3], name
    table = wandb.Table(
        columns=["list", "number"],
        data=[[make(numbers), make(numbers[1])] for _, make in makes.values()],
        allow_mixed_types=True,
    )
    kind, document = log({"table": table}).document("table")
    assert kind == "TABLE" and document["table"] == [[numbers.tolist(), 1.0]] * len(makes)


def test_tensors_are_summaries_and_configs(log: Log, makes: dict[str, tuple[str, Make]]) -> None:
    """Numbers stay numbers, few of them lists, and of many the summary keeps what wandb says of them."""

    def keep() -> None:
        assert wandb.run is not None
        for name, (_, make) in makes.items():
            wandb.run.config[name] = {"one": make(numpy.float32(0.5)), "few": make(numpy.array([1.0, 2.0]))}
            wandb.run.summary[name] = make(numpy.arange(40.0))
            wandb.run.summary[f"{name} one"] = make(numpy.float32(0.5))

    seen = log({"loss": 1}, after=keep)
    config = seen.details["config"]
    for name in makes:
        assert config[name] == {"one": 0.5, "few": [1, 2]}, name
        statistics = config["wandb"]["summary"][name]
        assert (statistics["min"], statistics["max"], statistics["mean"], statistics["size"]) == (0, 39, 19.5, 40), name
        assert config["wandb"]["summary"][f"{name} one"] == 0.5, name
    assert json.dumps(config)


def test_molecules_of_rdkit_arrive(log: Log, tmp_path: Any) -> None:
    """A molecule, a file of one and a text in SMILES arrive as wandb writes them; other text is refused."""
    from rdkit import Chem

    water = Chem.MolFromSmiles("O")
    (tmp_path / "ethanol.mol").write_text(Chem.MolToMolBlock(Chem.MolFromSmiles("CCO")))
    seen = log(
        {
            "object": wandb.Molecule.from_rdkit(water, caption="water"),
            "file": wandb.Molecule.from_rdkit(str(tmp_path / "ethanol.mol"), convert_to_3d_and_optimize=False),
            "smiles": wandb.Molecule.from_smiles("CC(=O)Oc1ccccc1C(=O)O", caption="aspirin"),
        }
    )
    atoms = {}
    for key in ("object", "file", "smiles"):
        file = seen.file(key)
        assert file.type == "pdb" and file.name.endswith(".pdb")
        molecule = Chem.MolFromPDBBlock(file.content.decode())
        atoms[key] = molecule.GetNumAtoms()
        flat = key == "file"
        assert (abs(molecule.GetConformer().GetPositions()[:, 2]).max() < 1e-6) == flat or atoms[key] == 1
    assert atoms == {"object": 1, "file": 3, "smiles": 13} and seen.file("smiles").caption == "aspirin"
    with pytest.raises(ValueError, match="SMILES"):
        wandb.Molecule.from_smiles("no molecule")


@pytest.mark.skipif(not HAS_TENSORFLOW, reason="keras needs tensorflow")
def test_models_of_keras_are_graphs(log: Log) -> None:
    """A node for each layer, with its shape and parameters, and an edge from each layer that feeds it."""
    from keras import Input, Model, layers

    start = Input((4,), name="start")
    left, right = layers.Dense(3, name="left")(start), layers.Dense(3, name="right")(start)
    graph = wandb.Graph.from_keras(Model(start, layers.Add(name="sum")([left, right])))
    _, document = log({"graph": graph}).document("graph")
    assert set(document["edges"]) == {"start -> left", "start -> right", "left -> sum", "right -> sum"}
    left_node = document["nodes"]["left"]
    assert (left_node["class_name"], left_node["num_parameters"], left_node["output_shape"]) == ("Dense", 15, [None, 3])
