"""PaddleOCR as we use it: find text, and read a strip as posteriors. One engine a process.

The only module that imports PaddleOCR and touches internals of paddlex (the recogniser's
transforms and runner), pinned in pyproject.toml and compared with the public API by a test.
Nothing is fetched.
"""

import logging
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from viatique.errors import EngineFailure
from viatique.models import Rect
from viatique.ocr.weights import DETECTION, RECOGNITION, lay_out_model, model_characters

BOX_THRESHOLD, UNCLIP_RATIO = 0.45, 2.0
"""Detection settings that read better than the defaults on handwriting (identification.md)."""
ENGINE_CONFIG: dict[str, Any] = {
    "intra_op_num_threads": 1,
    "inter_op_num_threads": 1,
    "enable_cpu_mem_arena": False,
    "log_severity_level": 3,
}
"""One thread: copies are read in parallel by processes; without the arena 490 MB each."""

Result = TypeVar("Result")

HEIGHT, USUAL_WIDTH = 48, 320
"""Pixels the recogniser scales a strip to, and pads short ones to (its ``image_shape``)."""

Grey = NDArray[np.uint8]
"""uint8, (height, width), 0 = black."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A line of writing as the recogniser saw it.

    Attributes:
        posteriors: float32 (T, V); class 0 = blank, class k = ``Engine.characters[k]``.
        text: the best path, blanks and repeats removed.
        ends: where each character of the text ends, as fractions of the strip's width.
    """

    posteriors: NDArray[np.float32]
    text: str
    ends: tuple[float, ...]


class Engine:
    """Detection and recognition models, loaded."""

    def __init__(
        self,
        detector: Any,  # noqa: ANN401  # paddleocr has no types
        recogniser: Any,  # noqa: ANN401
        characters: Sequence[str],
    ) -> None:
        self._detector = detector
        self._recogniser = recogniser
        self.characters = ("", *characters, " ")
        self.version = _version()

    def find_text(self, image: Grey) -> list[Rect]:
        """Boxes round text, fractions of the image, in no order.

        Raises:
            EngineFailure: the model could not be run.
        """
        height, width = image.shape
        (result,) = _guarded(lambda: self._detector.predict(_three_channels(image)))
        polygons = [np.asarray(polygon, float).reshape(-1, 2) for polygon in result["dt_polys"]]
        return [
            Rect(
                x0=float(points[:, 0].min() / width),
                y0=float(points[:, 1].min() / height),
                x1=float(points[:, 0].max() / width),
                y1=float(points[:, 1].max() / height),
            )
            for points in polygons
        ]

    def read(self, strip: Grey, *, min_width: int = USUAL_WIDTH) -> Strip:
        """One line of writing.

        Args:
            strip: the line.
            min_width: pixels to pad it to once it is 48 high. Less than usual costs less time.

        Raises:
            EngineFailure: the model could not be run.
        """
        return _guarded(lambda: self._read(strip, min_width))

    def _read(self, strip: Grey, min_width: int) -> Strip:
        height, width = strip.shape
        ratio = max(min_width / HEIGHT, width / height)
        predictor = self._recogniser.paddlex_predictor
        resize = predictor.pre_tfs["ReisizeNorm"]
        image = resize.resize_norm_img(_three_channels(strip), ratio)
        posteriors = np.asarray(predictor.runner(x=[image[None]])[0][0], np.float32)
        best = posteriors.argmax(axis=1)
        kept = np.flatnonzero(np.append(best[1:] != best[:-1], True) & (best > 0))
        padded = HEIGHT * ratio / min(HEIGHT * ratio, HEIGHT * width / height)
        return Strip(
            posteriors=posteriors,
            text="".join(self.characters[best[frame]] for frame in kept),
            ends=tuple(float((frame + 1) / len(best) * padded) for frame in kept),
        )


def load_engine(models_folder: Path) -> Engine:
    """An engine; loading takes some seconds, so load one for each process.

    Raises:
        WeightsInvalid: the weights are absent or not the pinned ones.
        EngineFailure: PaddleOCR could not load them.
    """
    detection = lay_out_model(DETECTION, models_folder)
    recognition = lay_out_model(RECOGNITION, models_folder)
    _prepare_environment(models_folder)
    cv2.setNumThreads(1)
    return _guarded(lambda: _load(detection, recognition))


def _load(detection: Path, recognition: Path) -> Engine:
    with warnings.catch_warnings():
        # import-time warnings of PaddleOCR's own dependencies; there is nothing to do about them
        warnings.simplefilter("ignore")
        from paddleocr import TextDetection, TextRecognition  # noqa: PLC0415  # after environment

        logging.getLogger("paddlex").setLevel(logging.ERROR)
        common = {"engine": "onnxruntime", "engine_config": ENGINE_CONFIG, "device": "cpu"}
        detector = TextDetection(
            model_name=DETECTION.name,
            model_dir=str(detection),
            box_thresh=BOX_THRESHOLD,
            unclip_ratio=UNCLIP_RATIO,
            **common,
        )
        recogniser = TextRecognition(
            model_name=RECOGNITION.name, model_dir=str(recognition), **common
        )
    return Engine(detector, recogniser, model_characters(recognition))


def _prepare_environment(models_folder: Path) -> None:
    """What PaddleOCR and ONNX Runtime read when they are imported."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    os.environ["PADDLE_PDX_CACHE_HOME"] = str(models_folder / "cache")
    os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"


def _guarded(work: Callable[[], Result]) -> Result:
    try:
        return work()
    except EngineFailure:
        raise
    except Exception as error:
        logging.getLogger("viatique.ocr").exception("engine_failed")
        raise EngineFailure(f"The OCR engine failed ({type(error).__name__}).") from None


def _three_channels(image: Grey) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)


def _version() -> str:
    return (
        f"paddleocr {version('paddleocr')} onnxruntime {version('onnxruntime')} "
        f"{DETECTION.name}@{DETECTION.sha256[:8]} {RECOGNITION.name}@{RECOGNITION.sha256[:8]}"
    )
