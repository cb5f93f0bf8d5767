"""A camera in front of a QR code: a film (YUV4MPEG2) that Chromium takes for the pictures of a video device."""

import re
from pathlib import Path

WIDTH, HEIGHT, FRAMES = 640, 480, 5
DARK, LIGHT = b"\x10", b"\xeb"
GREY = b"\x80" * (WIDTH * HEIGHT // 2)


def flags(film: Path) -> list[str]:
    """What makes Chromium see the film; it reads the file anew each time a page opens the camera."""
    fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    return [*fake, f"--use-file-for-fake-video-capture={film}"]


def points_at(film: Path, drawing: str) -> None:
    """Write the film of a QR code, given the SVG element that the page shows."""
    size = int(re.search(r'viewBox="0 0 (\d+)', drawing)[1])
    pixels = HEIGHT // size
    dark = {
        (int(x) + step, int(y))
        for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", drawing)
        for step in range(int(length))
    }
    rows = [b"".join((DARK if (x, y) in dark else LIGHT) * pixels for x in range(size)) for y in range(size)]
    side = (WIDTH - size * pixels) // 2
    wide = [LIGHT * side + row + LIGHT * (WIDTH - side - len(row)) for row in rows for _ in range(pixels)]
    blank = [LIGHT * WIDTH] * (HEIGHT - len(wide))
    frame = b"FRAME\n" + b"".join(wide + blank) + GREY
    film.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + frame * FRAMES)


def points_nowhere(film: Path) -> None:
    """Write the film of a wall."""
    frame = b"FRAME\n" + LIGHT * (WIDTH * HEIGHT) + GREY
    film.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + frame * FRAMES)
