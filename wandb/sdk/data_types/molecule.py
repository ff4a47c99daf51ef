"""`wandb.Molecule`."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, ClassVar

from wandb.errors import Error
from wandb.sdk.data_types.base_types.media import BatchableMedia
from wandb_compat.convert import deferred


def _chemistry() -> tuple[Any, Any]:
    """Return rdkit's Chem and AllChem."""
    try:
        from rdkit import Chem
        from rdkit.Chem import AllChem
    except ImportError as error:
        raise Error('wandb.Molecule needs rdkit for this. To get it, run "pip install rdkit".') from error
    return Chem, AllChem


class Molecule(BatchableMedia):
    """A molecule.

    In Pluto: the molecule's file.

    Example:
        >>> wandb.Molecule("protein.pdb")
    """

    SUPPORTED_TYPES: ClassVar[set[str]] = {
        "pdb",
        "pqr",
        "mmcif",
        "mcif",
        "cif",
        "sdf",
        "sd",
        "gro",
        "mol2",
        "mmtf",
    }
    SUPPORTED_RDKIT_TYPES: ClassVar[set[str]] = {"mol", "sdf"}

    _log_type = "molecule-file"
    _list_type = "molecule"
    _folder_name = "molecule"

    def __init__(self, data_or_path: Any, caption: str | None = None, **kwargs: Any) -> None:
        """Take a molecule.

        Args:
            data_or_path: path of a file of one of SUPPORTED_TYPES, or an open file.
            caption: text beside the molecule.
            **kwargs: `file_type` of an open file without a name; others are accepted and have no effect.

        Raises:
            OSError: the file cannot be read.
            ValueError: `data_or_path` is neither, or of another type.
        """
        super().__init__(caption=caption)
        if hasattr(data_or_path, "read") and isinstance(name := getattr(data_or_path, "name", None), str):
            data_or_path = name
        if hasattr(data_or_path, "read"):
            kind = kwargs.get("file_type")
            if kind is None:
                raise ValueError("Must pass file_type keyword argument when using io objects.")
            _check(kind, "Molecule 3D")
            if hasattr(data_or_path, "seek"):
                data_or_path.seek(0)
            content = data_or_path.read()
            self._set_deferred_file(
                deferred.from_bytes(content if isinstance(content, bytes) else content.encode(), f".{kind}")
            )
        elif isinstance(data_or_path, (str, os.PathLike)):
            path = os.fspath(data_or_path)
            _check(os.path.splitext(path)[1][1:], "Molecule")  # noqa: PTH122
            self._set_file(path)
        else:
            raise ValueError(f"Data must be file name or a file object, not {type(data_or_path).__name__}")

    @classmethod
    def from_rdkit(
        cls,
        data_or_path: Any,
        caption: str | None = None,
        convert_to_3d_and_optimize: bool = True,
        mmff_optimize_molecule_max_iterations: int = 200,
    ) -> Molecule:
        """Return a molecule of rdkit, or of a mol or sdf file that rdkit reads.

        Args:
            data_or_path: rdkit.Chem.rdchem.Mol, or path of a file; of several molecules the first is taken.
            caption: text beside the molecule.
            convert_to_3d_and_optimize: find a shape in space; takes long for large molecules.
            mmff_optimize_molecule_max_iterations: bound of that.

        Raises:
            wandb.Error: rdkit is not installed.
            ValueError: the file has another suffix.
            TypeError: `data_or_path` is neither.
        """
        chem, shapes = _chemistry()
        if isinstance(data_or_path, (str, os.PathLike)):
            kind = Path(data_or_path).suffix[1:]
            if kind not in cls.SUPPORTED_RDKIT_TYPES:
                raise ValueError(
                    "Molecule.from_rdkit only supports files of the type: "
                    f"{', '.join(sorted(cls.SUPPORTED_RDKIT_TYPES))}; not {kind!r}"
                )
            if kind == "sdf":
                with chem.SDMolSupplier(str(data_or_path)) as supplier:
                    molecule = next(iter(supplier))
            else:
                molecule = chem.MolFromMolFile(str(data_or_path))
        elif isinstance(data_or_path, chem.rdchem.Mol):
            molecule = data_or_path
        else:
            raise TypeError(
                f"Data must be file name or an rdkit.Chem.rdchem.Mol object, not {type(data_or_path).__name__}"
            )
        if convert_to_3d_and_optimize:
            molecule = chem.AddHs(molecule)
            shapes.EmbedMolecule(molecule)
            shapes.MMFFOptimizeMolecule(molecule, maxIters=mmff_optimize_molecule_max_iterations)
        return cls(io.StringIO(chem.rdmolfiles.MolToPDBBlock(molecule)), caption=caption, file_type="pdb")

    @classmethod
    def from_smiles(
        cls,
        data: str,
        caption: str | None = None,
        sanitize: bool = True,
        convert_to_3d_and_optimize: bool = True,
        mmff_optimize_molecule_max_iterations: int = 200,
    ) -> Molecule:
        """Return the molecule of a SMILES text; arguments as `from_rdkit`, `sanitize` lets rdkit check it.

        Raises:
            wandb.Error: rdkit is not installed.
            ValueError: rdkit cannot read the text.
        """
        molecule = _chemistry()[0].MolFromSmiles(data, sanitize=sanitize)
        if molecule is None:
            raise ValueError(f"Unable to parse the SMILES string {data!r}.")
        return cls.from_rdkit(molecule, caption, convert_to_3d_and_optimize, mmff_optimize_molecule_max_iterations)


def _check(kind: str, what: str) -> None:
    if kind not in Molecule.SUPPORTED_TYPES:
        known = ", ".join(sorted(Molecule.SUPPORTED_TYPES))
        raise ValueError(f"{what} only supports files of the type: {known}; not {kind!r}")
