"""Prints the inotify events of the directories and files given, a line each: NAME EVENT, where NAME is the
number of the argument, then the entry's name if there is one. Prints READY first; ends when told `stop` on
standard input. Opening, reading and closing are left out."""
import ctypes
import os
import select
import struct
import sys

EVENTS = {0x2: "MODIFY", 0x4: "ATTRIB", 0x40: "MOVED_FROM", 0x80: "MOVED_TO", 0x100: "CREATE", 0x200: "DELETE",
          0x400: "DELETE_SELF", 0x800: "MOVE_SELF", 0x4000: "OVERFLOW"}
WATCHED = sum(bit for bit in EVENTS if bit != 0x4000)
libc = ctypes.CDLL(None, use_errno=True)
fd = libc.inotify_init1(os.O_CLOEXEC)
numbers = {}
for number, path in enumerate(sys.argv[1:]):
    watch = libc.inotify_add_watch(fd, os.fsencode(path), WATCHED)
    if watch < 0:
        raise OSError(ctypes.get_errno(), path)
    numbers[watch] = number
print("READY", flush=True)
while True:
    readable, _, _ = select.select([fd, 0], [], [])
    if fd in readable:
        data = os.read(fd, 1 << 20)
        at = 0
        while at < len(data):
            watch, mask, _, length = struct.unpack_from("iIII", data, at)
            name = data[at + 16:at + 16 + length].rstrip(b"\0").decode(errors="surrogateescape")
            at += 16 + length
            for bit, event in EVENTS.items():
                if mask & bit:
                    print(f"{numbers.get(watch, '-')}{'/' + name if name else ''} {event}", flush=True)
    elif 0 in readable:
        break
