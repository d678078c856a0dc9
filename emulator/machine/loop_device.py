"""``python3 loop_device.py FILE`` makes a file a block device of this computer, and prints the device's path.

The device is there for as long as this process runs: until its input ends. Each line that it reads makes the device as
big as its file is by then, and is answered with the size. The kernel takes the device away by itself, once nothing has
it open or mounted, so that it is gone with this process even when that is killed.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import sys

LOOP_CONFIGURE = 0x4C0A
LOOP_SET_CAPACITY = 0x4C07
LOOP_CTL_GET_FREE = 0x4C82
AUTOCLEAR = 4


def configuration(file: int) -> bytes:
    """``struct loop_config`` of <linux/loop.h>: a file, its own block size, and a ``struct loop_info64`` with one flag."""
    info = struct.pack("<5Q 4I 64s 64s 32s 2Q", *[0] * 8, AUTOCLEAR, b"", b"", b"", 0, 0)
    return struct.pack("<2I", file, 0) + info + bytes(64)


def attach(path: str) -> tuple[str, int]:
    """The path of a device that nobody else has, and the open device."""
    file = os.open(path, os.O_RDWR)
    control = os.open("/dev/loop-control", os.O_RDWR)
    while True:
        device = f"/dev/loop{fcntl.ioctl(control, LOOP_CTL_GET_FREE)}"
        opened = os.open(device, os.O_RDWR)
        try:
            fcntl.ioctl(opened, LOOP_CONFIGURE, configuration(file))
        except OSError as problem:
            os.close(opened)
            if problem.errno != errno.EBUSY:
                raise
        else:
            # Configured, the device holds the file itself.
            os.close(file)
            return device, opened


def main(path: str) -> None:
    device, opened = attach(path)
    print(device, flush=True)
    for _line in sys.stdin:
        fcntl.ioctl(opened, LOOP_SET_CAPACITY)
        print(os.lseek(opened, 0, os.SEEK_END), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
