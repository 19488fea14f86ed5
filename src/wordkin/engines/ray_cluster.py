"""The cluster: finding it, asking for a process on it, and making sure that both are alike."""

from __future__ import annotations

import contextlib
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from wordkin.errors import ConfigError, TrainingError, require
from wordkin.given import number, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

_CONNECT = 5.0
"""Seconds for a socket to open, and again for the first answer."""
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What each client of HTTP/2 says first (RFC 9113, section 3.4)."""
_NO_SETTINGS = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""The frame that comes behind it: length (3 bytes), type (4: settings), flags, stream (4 bytes)."""


@dataclass(frozen=True, kw_only=True)
class RayCluster:
    """Where a Ray cluster is, and what its workers are to be like: for ``train(engine=...)``.

    Parameters
    ----------
    address : str, optional
        "auto" for the cluster that this machine belongs to (``ray start`` has been called on it),
        or "host:port" of the head. By default the one that this process is connected to already,
        the one in the environment variable ``RAY_ADDRESS``, or a new one of this machine alone,
        which ends with the training.
    threads : int, default 1
        Threads of each worker, and so the processors that it asks Ray for.
    timeout : float, default 120.0
        Seconds until the cluster must have answered, and given a worker.

    Raises
    ------
    ConfigError
        If one of them can't be.

    Examples
    --------
    >>> RayCluster(address="10.0.0.1:6379", threads=8).threads
    8
    """

    engine: ClassVar[str] = "ray"
    """What trains on it."""
    address: str | None = None
    threads: int = 1
    timeout: float = 120.0

    def __post_init__(self) -> None:
        threads, timeout = whole(self.threads), number(self.timeout)
        if threads is None or threads < 1:
            raise ConfigError(f"threads must be a whole number from 1 on; got {self.threads!r}.")
        if timeout is None or not timeout > 0:
            raise ConfigError(f"timeout must be a number of seconds; got {self.timeout!r}.")
        object.__setattr__(self, "threads", threads)
        object.__setattr__(self, "timeout", timeout)
        if self.address is not None:
            _check_address(self.address)

    @property
    def is_new(self) -> bool:
        """Whether a cluster of this machine alone is to be started."""
        asked = self.address or os.environ.get("RAY_ADDRESS")
        return not asked and not import_ray().is_initialized()

    def connect(self, workers: int) -> Callable[[], None]:
        """Connect this process to the cluster, or start one.

        Parameters
        ----------
        workers : int
            For how many workers a new one is to have room.

        Returns
        -------
        callable
            Ends what this call has begun.

        Raises
        ------
        MissingExtraError
            If Ray is not installed.
        TrainingError
            If there is no cluster at the address, or it does not answer.
        """
        ray = import_ray()
        if ray.is_initialized():
            _check_same(ray, self.address)
            return lambda: None
        quiet = {"log_to_driver": False, "configure_logging": False}
        if self.is_new:
            processors = workers * self.threads
            ray.init("local", num_cpus=processors, include_dashboard=False, **quiet)
            return lambda: _leave(ray)
        address = self.address or "auto"
        if address == "auto":
            address = os.environ.get("RAY_ADDRESS") or address
        if ":" in address:
            _knock(address)
            _ask_head(ray, address)
        try:
            ray.init(address, **quiet)
        except (RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
            with contextlib.suppress(RuntimeError):
                ray.shutdown()
            raise _refused(address, error) from error
        return lambda: _leave(ray)


def import_ray() -> ModuleType:
    """Import Ray, which must not tell anybody that it is used.

    Returns
    -------
    module
        The module ``ray``.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # processes that get no GPU are not to be told that there is none
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    return require("ray", extra="ray")


def versions() -> dict[str, str]:
    """Tell what decides the bytes of a model here.

    Returns
    -------
    dict
        The versions of wordkin, NumPy and Numba, and the floats in a register.
    """
    import importlib
    import platform

    found = {"Python": ".".join(platform.python_version_tuple()[:2])}
    for name in ("wordkin", "numpy", "numba"):
        try:
            found[name] = importlib.import_module(name).__version__
        except ImportError as error:
            found[name] = f"none ({error})"
    try:
        found["lanes"] = str(importlib.import_module("wordkin.kernels.lanes").LANES)
    except ImportError:
        found["lanes"] = "unknown"
    return found


def check_versions(there: Mapping[str, str], host: str) -> None:
    """Refuse a worker that would make other bytes.

    Parameters
    ----------
    there : mapping
        Its `versions`.
    host : str
        The name of its machine.

    Raises
    ------
    ConfigError
        If they are others than here.
    """
    here = versions()
    other = [
        f"{name} {there.get(name)} there and {here[name]} here"
        for name in here
        if there.get(name) != here[name]
    ]
    if other:
        raise ConfigError(
            f"The worker on {host} is not like this process: {', '.join(other)}. All machines "
            "must have the same versions, and processors of one kind (lanes: floats in one of "
            "their registers), or they would not make the same bytes."
        )


def host_class() -> type[Any]:
    """Make the class of the process on the cluster.

    It is sent by value, so that a machine with another wordkin, or none, can say so: what is
    imported by name would fail there before it could be asked.

    Returns
    -------
    type
        For ``ray.remote``.
    """
    tell = versions.__code__

    class Host:
        """Hosts a worker."""

        def about(self) -> tuple[dict[str, str], str, int]:
            import os
            import socket
            import types

            return types.FunctionType(tell, {})(), socket.gethostname(), os.getpid()

        def start(self, *given: object) -> None:
            from wordkin.engines.ray_worker import Worker

            self.worker = Worker(*given)  # type: ignore[arg-type]

        def call(self, name: str, *given: object) -> object:
            return getattr(self.worker, name)(*given)

    return Host


def _check_address(address: object) -> None:
    if not isinstance(address, str) or not address:
        raise ConfigError(f'address must be "auto" or "host:port"; got {address!r}.')
    if address.startswith("ray://"):
        raise ConfigError(
            f"{address!r} is of Ray Client, which is another way to talk to a cluster. Run "
            'training on a machine of the cluster, with address="auto".'
        )
    if address != "auto":
        _, colon, port = address.rpartition(":")
        if not colon or not port.isdecimal() or not 0 < int(port) < 1 << 16:
            raise ConfigError(f'address must be "auto" or "host:port"; got {address!r}.')


def _check_same(ray: ModuleType, address: str | None) -> None:
    connected = ray.get_runtime_context().gcs_address
    if address not in (None, "auto", connected):
        raise ConfigError(
            f"This process is connected to the Ray cluster at {connected!r}, and training is to "
            f"run on {address!r}. Leave the address out, or call ray.shutdown() first."
        )


def _knock(address: str) -> None:
    """See that somebody answers, in Ray's protocol: Ray itself would go on trying for minutes."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), _CONNECT) as wire:
            silent = os.environ.get("RAY_USE_TLS", "0") != "1" and not _speaks_grpc(wire)
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"Nothing answers at {address!r} ({error}). Start the head of a Ray cluster there "
            'with "ray start --head --port=PORT", or give another address.'
        ) from error
    if silent:
        raise TrainingError(
            f"What answers at {address!r} is no head of a Ray cluster: it does not speak gRPC. "
            'A head tells its address when it is started with "ray start --head --port=PORT".'
        )


def _speaks_grpc(wire: socket.socket) -> bool:
    """See whether somebody begins HTTP/2, as each server of gRPC does at once, before it is asked.

    The first frame of a server must be its settings.
    """
    with contextlib.suppress(OSError):  # silence, or an end
        wire.sendall(_PREFACE + _NO_SETTINGS)
        with wire.makefile("rb") as answer:
            head = answer.read(len(_NO_SETTINGS))
        return len(head) == len(_NO_SETTINGS) and head[3:4] == b"\4" and not any(head[5:])
    return False


def _ask_head(ray: ModuleType, address: str) -> None:
    """See that it is Ray that answers: ``ray.init`` would go on asking for more than five minutes.

    This is what ``ray health-check`` does; the name is not public, so it may be missing some day.
    """
    client = getattr(getattr(ray, "_raylet", None), "GcsClient", None)
    if client is None:
        return
    try:
        client(address=address)
    except getattr(ray.exceptions, "AuthenticationError", ()) as error:
        # Ray sends its token to an address that is given only if it is told to
        raise TrainingError(
            f"The Ray cluster at {address!r} wants another authentication token, or one at all. "
            "Set RAY_AUTH_MODE=token for this process and for each machine, and give all the token "
            "of the head, in the file ~/.ray/auth_token or as RAY_AUTH_TOKEN."
        ) from error
    except (ray.exceptions.RayError, RuntimeError) as error:
        raise TrainingError(
            f"What answers at {address!r} is no Ray cluster of this version, or it is down: "
            f'{_first_line(error)} Its head is started with "ray start --head --port=PORT".'
        ) from error


def _refused(address: str, error: BaseException) -> TrainingError:
    """What to tell when Ray itself can't connect."""
    while error.__cause__ is not None:  # the first one says most
        error = error.__cause__
    if ":" in address:
        return TrainingError(
            f"The Ray cluster at {address!r} does not take this process in: {_first_line(error)} "
            "Training is started on a machine that belongs to the cluster (call "
            f'"ray start --address={address}" on it).'
        )
    return TrainingError(
        f"There is no Ray cluster that answers at {address!r}: {_first_line(error)} Start "
        'one with "ray start --head", join other machines to it with "ray start '
        '--address=HOST:6379", and give "HOST:6379", or "auto" on one of them.'
    )


def _first_line(error: BaseException) -> str:
    lines: Iterator[str] = (line.strip() for line in str(error).splitlines())
    first = next((line for line in lines if line), type(error).__name__)
    return first if first.endswith(".") else f"{first}."


def _leave(ray: ModuleType) -> None:
    ray.shutdown()
