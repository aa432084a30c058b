"""What the head of a JPEG says of it, read without decoding (ITU-T T.81, annex B). Pure.

A grey scan made in one go has its rows in order: its top is decoded for the price of the top, and
its foot too, because Huffman codes fall into step by themselves within a few blocks.
"""

from collections.abc import Iterator
from dataclasses import dataclass

START, END = b"\xff\xd8", b"\xff\xd9"
"""SOI and EOI markers."""
FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""SOF markers of baseline, extended and progressive frames, the ones decoders know."""
PROGRESSIVE = 0xC2
RESTARTS = 0xDD
"""DRI: markers lie between the rows, numbered from the top."""
NO_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers that stand alone: TEM and RST."""
SCAN = 0xDA
"""SOS: the picture itself starts."""
CORRECTED = frozenset({1, 3})
"""Components of grey and of YCbCr; four mean CMYK, inverted or not."""
BLOCK_PX = 8
"""Width and height of what is coded together."""
STUFFED = 0xFF
"""A byte of the coded picture that a zero follows, which is no part of it."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class GreyScan:
    """A grey JPEG whose blocks follow each other from top to bottom without a mark.

    Attributes:
        size_at: where its height, then its width, two bytes each, are written.
        coded_at: where the coded picture begins.
    """

    data: bytes
    frame: JpegFrame
    size_at: int
    coded_at: int

    @property
    def blocks_across(self) -> int:
        return -(-self.frame.width // BLOCK_PX)

    def top(self, height: int) -> bytes:
        """The JPEG of its first ``height`` rows; decoders leave the others alone."""
        coded = memoryview(self.data)[self.coded_at :]
        return b"".join((self._head(self.frame.width, height), coded))

    def foot(self, height: int, coded_bytes: int) -> bytes:
        """The JPEG of what its last bytes show, at most ``height`` rows, as wide as its blocks.

        It begins somewhere in a row, and its brightness is wrong by the same amount everywhere;
        what its bytes do not fill is grey 128.
        """
        end = self.data.rfind(END)
        start = max(self.coded_at, end - coded_bytes)
        if self.data[start - 1] == STUFFED:
            start += 1
        head = self._head(self.blocks_across * BLOCK_PX, height)
        return head + self.data[start:end] + END

    def _head(self, width: int, height: int) -> bytes:
        size = height.to_bytes(2) + width.to_bytes(2)
        return self.data[: self.size_at] + size + self.data[self.size_at + 4 : self.coded_at]


def jpeg_frame(data: bytes) -> JpegFrame | None:
    """The frame of a JPEG, None when it has none before its first scan."""
    for marker, position in _segments(data):
        if marker in FRAMES:
            return _frame(data, position)
        if marker == SCAN:
            return None
    return None


def grey_scan(data: bytes) -> GreyScan | None:
    """A JPEG as one whose top and foot can be taken alone, None when it is not such a one."""
    frame, size_at = None, 0
    for marker, position in _segments(data):
        if marker in {PROGRESSIVE, RESTARTS}:
            return None
        if marker in FRAMES:
            frame, size_at = _frame(data, position), position + 5
        if marker == SCAN:
            if frame is None or frame.components != 1:
                return None
            coded_at = position + _segment_length(data, position)
            return GreyScan(data=data, frame=frame, size_at=size_at, coded_at=coded_at)
    return None


def _frame(data: bytes, position: int) -> JpegFrame:
    return JpegFrame(
        height=int.from_bytes(data[position + 5 : position + 7]),
        width=int.from_bytes(data[position + 7 : position + 9]),
        components=data[position + 9],
    )


def _segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Markers and where they are, until something else comes."""
    position = 2 if data.startswith(START) else len(data)
    while position + 9 < len(data) and data[position] == 0xFF:
        yield data[position + 1], position
        position += _segment_length(data, position)


def _segment_length(data: bytes, position: int) -> int:
    """Bytes from one marker to the next; 0xFF before a marker is padding."""
    marker = data[position + 1]
    if marker == 0xFF:
        return 1
    return 2 if marker in NO_LENGTH else 2 + int.from_bytes(data[position + 2 : position + 4])
