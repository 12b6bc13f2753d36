"""A pair of virtual interfaces between two network namespaces, one for each side of a measurement."""

import ctypes
import os
import subprocess
import time
from pathlib import Path

NAME = "wire"  # as bench/pair/network.cpp calls both ends, and their addresses
LEADER, FOLLOWER = "10.77.1.1", "10.77.1.2"

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000


class NoNetwork(Exception):
    """Why there can be no such pair here."""


def enter():
    """Takes this process, and those that it starts from now on, to the leader's side, and tells these by
    PSYNE_BENCH_FOLLOWER where the follower's is. Nothing of it is left when they have ended."""
    if os.geteuid() != 0:
        become_root()
    unshare(CLONE_NEWNET, "network namespace")
    do_not_pace()
    follower = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    ip("link set lo up")
    unshare(CLONE_NEWNET, "network namespace")
    there = f"/proc/{os.getpid()}/fd/{follower}"
    do_not_pace()
    ip("link set lo up", f"link add name {NAME} type veth peer name {NAME} netns {there}",
       f"addr add {LEADER}/24 dev {NAME}", f"link set {NAME} up")  # fmt: skip
    ip(f"addr add {FOLLOWER}/24 dev {NAME}", f"link set {NAME} up", inside=follower)
    wait_until_up(None)
    wait_until_up(follower)
    show_devices()
    os.environ["PSYNE_BENCH_FOLLOWER"] = there
    os.environ["PSYNE_TCP_INSECURE"] = "1"  # psyne asks for a token where the peer seems to be on another host


def wait_until_up(inside):
    """The kernel says so some time after it was told to: until then UCX passes the device over."""
    until = time.monotonic() + 10
    while "state UP" not in ip(f"link show dev {NAME}", inside=inside):
        if time.monotonic() > until:
            raise NoNetwork("the pair does not come up")
        time.sleep(0.01)


def show_devices():
    """/sys has the devices of the namespace in which it was mounted, and there UCX looks for them."""
    unshare(CLONE_NEWNS, "mount namespace")
    run(["mount", "--make-rslave", "/"], "no mount namespace of our own")
    run(["mount", "-t", "sysfs", "sysfs", "/sys"], "no /sys of our own")


def become_root():
    """Of a user namespace of our own."""
    user, group = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER, "user namespace")
    for file, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        Path("/proc/self", file).write_text(text, encoding="ascii")


def do_not_pace():
    """The default of this namespace, where it is BBR, which paces: a stream of 1 MiB at 0.7 GB/s becomes one at 8. The raw
    socket takes Reno everywhere, and psyne through the loopback device; here everybody does."""
    chosen = Path("/proc/sys/net/ipv4/tcp_congestion_control")
    try:
        if chosen.read_text(encoding="ascii").startswith("bbr"):
            chosen.write_text("reno", encoding="ascii")
    except OSError as error:
        raise NoNetwork(f"the congestion control cannot be chosen: {error.strerror}") from None


def unshare(what, name):
    if ctypes.CDLL(None, use_errno=True).unshare(what) != 0:
        raise NoNetwork(
            f"no {name} of our own: {os.strerror(ctypes.get_errno())}. Be root, or have user and network namespaces "
            "allowed (sysctl user.max_user_namespaces, user.max_net_namespaces)."
        )


def ip(*commands, inside=None):
    """What commands of ip say, in this namespace or in that one."""

    def enter_other():
        if inside is not None and ctypes.CDLL(None).setns(inside, CLONE_NEWNET) != 0:
            os._exit(1)

    return run(["ip", "-batch", "-"], "no veth here", input="\n".join(commands) + "\n", preexec_fn=enter_other)


def run(command, otherwise, **more):
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    try:
        done = subprocess.run(command, env={"PATH": path}, text=True, capture_output=True, check=False, **more)
    except (OSError, subprocess.SubprocessError) as error:
        raise NoNetwork(f"{command[0]} cannot be run (packages iproute2, mount): {error}") from None
    if done.returncode != 0:
        raise NoNetwork(f"{otherwise}: {done.stderr.strip() or 'the namespace cannot be entered'}")
    return done.stdout
