"""Network namespaces through the kernel's calls: a process per command would cost seconds.

Each namespace is pinned by a bind mount in a directory that only the lab's mount namespace sees.
Functions act on the calling thread; child processes started inside `inside` inherit its namespace.
"""

import contextlib
import ctypes
import os
import pathlib

_CLONE_NEWNET = 0x40000000
_MS_BIND = 0x1000
_MNT_DETACH = 2
_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount_tmpfs(directory: pathlib.Path) -> None:
    """Mounts an empty file system on `directory`, visible in this mount namespace only."""
    directory.mkdir(exist_ok=True)
    _check(_libc.mount(b"lab", os.fsencode(directory), b"tmpfs", 0, b"size=1m"),
           f"mount tmpfs on {directory}")


def unmount(directory: pathlib.Path) -> None:
    """Takes away what is mounted on `directory` and below it, with the namespaces pinned there."""
    _check(_libc.umount2(os.fsencode(directory), _MNT_DETACH), f"unmount {directory}")


def create(path: pathlib.Path) -> None:
    """Makes a network namespace with its loopback down and pins it at `path`."""
    path.touch()
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        _check(_libc.unshare(_CLONE_NEWNET), "unshare the network namespace")
        _check(_libc.mount(b"/proc/thread-self/ns/net", os.fsencode(path), b"", _MS_BIND, None),
               f"pin the network namespace at {path}")
        _check(_libc.setns(home, _CLONE_NEWNET), "return to the own network namespace")
    finally:
        os.close(home)


@contextlib.contextmanager
def inside(path: pathlib.Path):
    """Runs the body with the calling thread in the namespace pinned at `path`."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    target = os.open(path, os.O_RDONLY)
    try:
        _check(_libc.setns(target, _CLONE_NEWNET), f"enter {path}")
        try:
            yield
        finally:
            _check(_libc.setns(home, _CLONE_NEWNET), "return to the own network namespace")
    finally:
        os.close(target)
        os.close(home)
