"""What the head of a JPEG says of it, read without decoding (ITU-T T.81, annex B). Pure."""

from dataclasses import dataclass

START, END = b"\xff\xd8", b"\xff\xd9"
"""SOI and EOI markers."""
FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""SOF markers of baseline, extended and progressive frames, the ones decoders know."""
NO_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers that stand alone: TEM and RST."""
SCAN = 0xDA
"""SOS: the picture itself starts."""
CORRECTED = frozenset({1, 3})
"""Components of grey and of YCbCr; four mean CMYK, inverted or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JpegFrame:
    """Size in pixels and number of components, as the frame header says."""

    width: int
    height: int
    components: int

    @property
    def is_plain(self) -> bool:
        """Whether decoders agree on its colours."""
        return self.components in CORRECTED


def jpeg_frame(data: bytes) -> JpegFrame | None:
    """The frame of a JPEG, None when it has none before its first scan."""
    position = 2 if data.startswith(START) else len(data)
    while position + 9 < len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker in FRAMES:
            return JpegFrame(
                height=int.from_bytes(data[position + 5 : position + 7]),
                width=int.from_bytes(data[position + 7 : position + 9]),
                components=data[position + 9],
            )
        if marker == SCAN:
            return None
        position += _segment_length(data, position)
    return None


def _segment_length(data: bytes, position: int) -> int:
    """Bytes from one marker to the next; 0xFF before a marker is padding."""
    marker = data[position + 1]
    if marker == 0xFF:
        return 1
    return 2 if marker in NO_LENGTH else 2 + int.from_bytes(data[position + 2 : position + 4])
