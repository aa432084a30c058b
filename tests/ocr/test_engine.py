"""What is read through the internals of PaddleOCR is what its public API reads."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from viatique.demo.hands import STYLES, plain_hand, write
from viatique.ocr.engine import load_engine

WORDS = ("MARTIN", "LE GOFF", "24/11/2008", "Zoé")


@pytest.mark.slow
def test_strips_are_read_as_the_public_api_reads_them(tmp_path: Path) -> None:
    engine = load_engine(tmp_path)
    read = []
    for place, word in enumerate(WORDS):
        ink = write(word, plain_hand(STYLES[place]), 64, np.random.default_rng(place))
        strip = np.asarray(255 - ink, np.uint8)
        (public,) = engine._recogniser.predict(cv2.cvtColor(strip, cv2.COLOR_GRAY2BGR))
        read.append(engine.read(strip).text)
        assert read[-1] == public["rec_text"]
    assert read[0] == WORDS[0]
