"""Namespaces, cables, routes and kernel filters of one small internet."""

import contextlib
import fcntl
import os
import pathlib
import select
import struct
import subprocess
import threading
from typing import Sequence

from sightline_lab import netns

from . import places

_FORWARDING = (places.PROVINCE_NS, places.BORDER_NS)
# Name and peer of each cable with its /30, and what lies behind its far end.
_LINKS = ((places.CLIENT_NS, "eth0", "30.11.1.2/24", places.PROVINCE_NS, "client", "30.11.1.1/24"),
          (places.PROVINCE_NS, "uplink", "10.0.0.2/30", places.BORDER_NS, "province",
           "10.0.0.1/30"),
          (places.BORDER_NS, "uplink", "10.0.1.2/30", places.WORLD_NS, "border", "10.0.1.1/30"),
          (places.INNER_NS, "eth0", "36.60.0.2/30", places.PROVINCE_NS, "inner", "36.60.0.1/30"))
_ROUTES = {
    places.CLIENT_NS: ["default via 30.11.1.1"],
    places.PROVINCE_NS: ["default via 10.0.0.1", "36.60.0.0/16 via 36.60.0.2"],
    places.BORDER_NS: ["default via 10.0.1.1", "30.0.0.0/8 via 10.0.0.2",
                       "36.60.0.0/16 via 10.0.0.2"],
    places.WORLD_NS: ["default via 10.0.1.2"],
    places.INNER_NS: ["default via 36.60.0.1"],
}
_TUNSETIFF = 0x400454CA
_IFF_TUN_NO_PI = 0x1001


class NetError(RuntimeError):
    """A tool refused a step; the message holds the tool's own words."""


class Net:
    """One small internet. `directory` must be empty and visible in this mount namespace only."""

    def __init__(self, directory: pathlib.Path):
        self._directory = directory

    def path(self, ns: str) -> pathlib.Path:
        """Where namespace `ns` is pinned."""
        return self._directory / ns

    def inside(self, ns: str) -> contextlib.AbstractContextManager:
        """Runs the body with the calling thread in namespace `ns`."""
        return netns.inside(self.path(ns))

    def build(self) -> None:
        """Makes namespaces, cables, addresses and routes."""
        netns.mount_tmpfs(self._directory)
        for ns in places.NAMESPACES:
            netns.create(self.path(ns))
        lines = [f"link add name {name} netns {self.path(ns)} type veth "
                 f"peer name {peer} netns {self.path(peer_ns)}"
                 for ns, name, _, peer_ns, peer, _ in _LINKS]
        _run(["ip", "-batch", "-"], lines)
        for ns in places.NAMESPACES:
            self._configure(ns)

    def release(self) -> None:
        """Lets go of the namespaces: they vanish when the last process in them has ended."""
        netns.unmount(self._directory)

    def tool(self, ns: str, argv: Sequence[str], lines: Sequence[str] = ()) -> None:
        """Runs a command in namespace `ns` with `lines` as its input."""
        with self.inside(ns):
            _run(argv, lines)

    def limit_rate(self, address: str, kbit_s: int) -> None:
        """Makes what the client gets from `address` pass a bottleneck at the border."""
        # Whole packets, not the 64 KiB that a virtual cable carries at once.
        self.tool(places.WORLD_NS, ["ip", "link", "set", "dev", "border", "gso_max_size", "1500",
                                    "gso_max_segs", "1"])
        self.tool(places.BORDER_NS, ["tc", "-batch", "-"], [
            "qdisc add dev province root handle 1: htb default 10 r2q 1000",
            "class add dev province parent 1: classid 1:10 htb rate 1gbit quantum 60000",
            "class add dev province parent 1: classid 1:20 htb rate 1gbit quantum 60000",
            f"qdisc add dev province parent 1:20 handle 20: tbf rate {kbit_s}kbit burst 3kb "
            "limit 60kb"])
        self.tool(places.BORDER_NS, ["iptables", "-t", "mangle", "-A", "FORWARD", "-s", address,
                                     "-j", "CLASSIFY", "--set-class", "1:20"])

    def tunnel(self) -> "Tunnel":
        """Puts the client's default route into a tunnel that ends in the world."""
        with self.inside(places.CLIENT_NS):
            near = _open_tun("tun0")
        with self.inside(places.WORLD_NS):
            far = _open_tun("vpn0")
        self.tool(places.CLIENT_NS, ["ip", "-batch", "-"], [
            f"address add {places.VPN_CLIENT}/32 dev tun0", "link set tun0 up",
            f"route replace default dev tun0 src {places.VPN_CLIENT}"])
        self.tool(places.WORLD_NS, ["ip", "-batch", "-"], [
            "link set vpn0 up", f"route add {places.VPN_CLIENT}/32 dev vpn0"])
        return Tunnel(near, far)

    def _configure(self, ns: str) -> None:
        lines = ["link set lo up"]
        for near_ns, near, near_address, far_ns, far, far_address in _LINKS:
            for there, name, address in ((near_ns, near, near_address),
                                         (far_ns, far, far_address)):
                if there == ns:
                    lines += [f"address add {address} dev {name}", f"link set {name} up"]
        own = {places.WORLD_NS: places.WORLD_ADDRESSES, places.INNER_NS: places.INNER_ADDRESSES}
        lines += [f"address add {address}/32 dev lo" for address in own.get(ns, ())]
        lines += [f"route add {route}" for route in _ROUTES[ns]]
        with self.inside(ns):
            if ns in _FORWARDING:
                pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
            _run(["ip", "-batch", "-"], lines)


class Tunnel:
    """Carries packets between the two ends until it is closed."""

    def __init__(self, near: int, far: int):
        self._fds = (near, far)
        self._end_read, self._end_write = os.pipe()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the tunnel; its interfaces vanish."""
        os.close(self._end_write)
        self._thread.join()
        for fd in (*self._fds, self._end_read):
            os.close(fd)

    def _carry(self) -> None:
        near, far = self._fds
        while True:
            ready, _, _ = select.select([near, far, self._end_read], [], [])
            if self._end_read in ready:
                return
            for fd in ready:
                with contextlib.suppress(OSError):  # A packet that does not fit is lost.
                    os.write(far if fd == near else near, os.read(fd, 65536))


def _open_tun(name: str) -> int:
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN_NO_PI))
    return fd


def _run(argv: Sequence[str], lines: Sequence[str]) -> None:
    done = subprocess.run(argv, input="".join(f"{line}\n" for line in lines), text=True,
                          capture_output=True, check=False)
    if done.returncode != 0:
        raise NetError(f"{' '.join(argv)} failed: {(done.stderr or done.stdout).strip()}")
