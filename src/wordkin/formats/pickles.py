"""A reader of pickles that never calls anything.

A pickle is a program for a small machine that can name any function and call it. This is such a
machine without the calls: what a pickle wants to make is written down (`Made`), nothing is made.
It also knows no name but those on a list, takes no memory beyond a small multiple of the pickle's
length, and hashes nothing but words and numbers.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from wordkin.errors import FormatError
from wordkin.formats.pickled import Made, Name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_MARK = object()
_KEYS = (str, bytes, int, float, type(None))


def read_pickle(data: bytes, names: Collection[str]) -> Any:  # noqa: ANN401
    """Read a pickle without running it.

    Parameters
    ----------
    data : bytes
        The pickle, any protocol.
    names : collection of str
        The classes and functions that it may name.

    Returns
    -------
    object
        Plain values, and `Made` for what is none.

    Raises
    ------
    FormatError
        If it names anything else, or is damaged.
    """
    machine = _Machine(data, names)
    try:
        return machine.run()
    except FormatError:
        raise
    except (IndexError, KeyError, ValueError, TypeError, AttributeError, struct.error) as error:
        raise FormatError(
            f"At byte {machine.position}, the pickle is truncated or damaged ({error!r:.80})."
        ) from error


class _Machine:
    """The stack, the memo, and a method for each instruction; see pickletools in Python."""

    def __init__(self, data: bytes, names: Collection[str]) -> None:
        self._data = data
        self._names = names
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self.position = 0

    def run(self) -> Any:  # noqa: ANN401
        while True:
            code = self._data[self.position]
            self.position += 1
            if code == 0x2E:  # "." stops
                return self._pop()
            instruction = _INSTRUCTIONS.get(code)
            if instruction is None:
                raise FormatError(
                    f"At byte {self.position - 1}, the pickle has the instruction "
                    f"{bytes([code])!r}, which no saved vectors need. It is damaged or harmful."
                )
            instruction(self)

    # --- bytes

    def _take(self, n: int) -> bytes:
        end = self.position + n
        if n < 0 or end > len(self._data):
            raise FormatError(
                f"At byte {self.position}, {n} bytes are expected, and "
                f"{len(self._data) - self.position} are left. The pickle is truncated or damaged."
            )
        data = self._data[self.position : end]
        self.position = end
        return data

    def _unsigned(self, n: int) -> int:
        return int.from_bytes(self._take(n), "little")

    def _line(self) -> bytes:
        end = self._data.index(b"\n", self.position)
        line = self._data[self.position : end]
        self.position = end + 1
        return line

    # --- stack

    def _pop(self) -> Any:  # noqa: ANN401
        value = self._stack.pop()
        if value is _MARK:
            raise ValueError("a mark where a value should be")
        return value

    def _since_mark(self) -> list[Any]:
        stack = self._stack
        at = len(stack) - 1
        while stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise ValueError("no mark")
        values = stack[at + 1 :]
        del stack[at:]
        return values

    def push(self, value: Any) -> None:  # noqa: ANN401
        self._stack.append(value)

    # --- instructions

    def text(self, n: int) -> None:
        self.push(self._take(self._unsigned(n)).decode("utf-8", "surrogatepass"))

    def raw(self, n: int) -> None:
        self.push(self._take(self._unsigned(n)))

    def whole(self, n: int, *, signed: bool = False) -> None:
        self.push(int.from_bytes(self._take(n), "little", signed=signed))

    def long(self, n: int) -> None:
        self.push(int.from_bytes(self._take(self._unsigned(n)), "little", signed=True))

    def number_line(self) -> None:
        line = self._line().rstrip(b"L")
        # 00 and 01 are False and True of protocol 0
        self.push({b"00": False, b"01": True}[line] if line in (b"00", b"01") else int(line))

    def string_line(self) -> None:
        line = self._line().strip()
        if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
            raise ValueError("a string without quotes")
        if b"\\" in line:
            raise FormatError("The pickle is of protocol 0 with escapes; save it with another.")
        self.push(line[1:-1])

    def double(self) -> None:
        self.push(struct.unpack(">d", self._take(8))[0])

    def double_line(self) -> None:
        self.push(float(self._line()))

    def put(self, key: int) -> None:
        self._memo[key] = self._stack[-1]

    def memoize(self) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def get(self, key: int) -> None:
        self.push(self._memo[key])

    def few(self, n: int) -> None:
        values = [self._pop() for _ in range(n)]
        self.push(tuple(reversed(values)))

    def append(self) -> None:
        value, target = self._pop(), self._stack[-1]
        _extended(target, [value])

    def appends(self) -> None:
        values = self._since_mark()
        _extended(self._stack[-1], values)

    def set_item(self) -> None:
        value, key, target = self._pop(), self._pop(), self._stack[-1]
        _filled(target, [key, value])

    def set_items(self) -> None:
        values = self._since_mark()
        _filled(self._stack[-1], values)

    def new_dict(self) -> None:
        made: dict[Any, Any] = {}
        _filled(made, self._since_mark())
        self.push(made)

    def name(self, module: str, name: str) -> None:
        if module == "__builtin__":
            module = "builtins"
        full = f"{module}.{name}"
        if full not in self._names:
            raise FormatError(
                f"At byte {self.position}, the pickle asks for {full[:100]!r}, which no saved "
                "vectors need. It was not run. If you trust it, load it with the program that made "
                "it and save it in another format."
            )
        self.push(Name(full))

    def name_line(self) -> None:
        module, name = self._line(), self._line()
        self.name(module.decode("utf-8"), name.decode("utf-8"))

    def name_stack(self) -> None:
        name, module = self._pop(), self._pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise TypeError("a name that is no text")
        self.name(module, name)

    def make(self) -> None:
        args, maker = self._pop(), self._pop()
        if not isinstance(maker, Name):
            raise FormatError(f"At byte {self.position}, the pickle calls what is no name.")
        if maker.full == "copyreg._reconstructor" and isinstance(args[0], Name):
            maker = args[0]
        self.push(Made(maker.full, args))

    def make_with_names(self) -> None:
        self._pop()
        self.make()

    def build(self) -> None:
        state, made = self._pop(), self._stack[-1]
        if not isinstance(made, Made):
            raise FormatError(f"At byte {self.position}, the pickle builds what is no object.")
        made.state = state


def _extended(target: Any, values: list[Any]) -> None:  # noqa: ANN401
    if not isinstance(target, list):
        raise TypeError(f"{type(target).__name__} is no list")
    target.extend(values)


def _filled(target: Any, values: list[Any]) -> None:  # noqa: ANN401
    target = target.items if isinstance(target, Made) else target
    if not isinstance(target, dict) or len(values) % 2:
        raise TypeError(f"{type(target).__name__} is no dict")
    keys = values[::2]
    # the hash of a nested tuple can take for ever
    if not all(isinstance(key, _KEYS) for key in keys):
        raise TypeError("a key that is no word or number")
    target.update(zip(keys, values[1::2], strict=True))


def _instructions() -> dict[int, Callable[[_Machine], object]]:
    """Name them as pickletools does, from protocol 0 to 5; those missing are not for data."""
    table: dict[bytes, Callable[[_Machine], object]] = {
        b"\x80": lambda m: m._take(1),
        b"\x95": lambda m: m._take(8),
        b"(": lambda m: m.push(_MARK),
        b"0": lambda m: m._stack.pop(),
        b"1": lambda m: m._since_mark(),
        b"2": lambda m: m.push(m._stack[-1]),
        b"N": lambda m: m.push(None),
        b"\x88": lambda m: m.push(True),
        b"\x89": lambda m: m.push(False),
        b"I": _Machine.number_line,
        b"L": _Machine.number_line,
        b"J": lambda m: m.whole(4, signed=True),
        b"K": lambda m: m.whole(1),
        b"M": lambda m: m.whole(2),
        b"\x8a": lambda m: m.long(1),
        b"\x8b": lambda m: m.long(4),
        b"F": _Machine.double_line,
        b"G": _Machine.double,
        b"S": _Machine.string_line,
        b"T": lambda m: m.raw(4),
        b"U": lambda m: m.raw(1),
        b"V": lambda m: m.push(m._line().decode("raw-unicode-escape")),
        b"X": lambda m: m.text(4),
        b"\x8c": lambda m: m.text(1),
        b"\x8d": lambda m: m.text(8),
        b"B": lambda m: m.raw(4),
        b"C": lambda m: m.raw(1),
        b"\x8e": lambda m: m.raw(8),
        b"\x96": lambda m: m.raw(8),
        b"]": lambda m: m.push([]),
        b"a": _Machine.append,
        b"e": _Machine.appends,
        b"l": lambda m: m.push(m._since_mark()),
        b")": lambda m: m.push(()),
        b"t": lambda m: m.push(tuple(m._since_mark())),
        b"\x85": lambda m: m.few(1),
        b"\x86": lambda m: m.few(2),
        b"\x87": lambda m: m.few(3),
        b"}": lambda m: m.push({}),
        b"d": _Machine.new_dict,
        b"s": _Machine.set_item,
        b"u": _Machine.set_items,
        b"\x8f": lambda m: m.push([]),  # sets are lists here: nothing is hashed
        b"\x90": _Machine.appends,
        b"\x91": lambda m: m.push(m._since_mark()),
        b"g": lambda m: m.get(int(m._line())),
        b"h": lambda m: m.get(m._unsigned(1)),
        b"j": lambda m: m.get(m._unsigned(4)),
        b"p": lambda m: m.put(int(m._line())),
        b"q": lambda m: m.put(m._unsigned(1)),
        b"r": lambda m: m.put(m._unsigned(4)),
        b"\x94": _Machine.memoize,
        b"c": _Machine.name_line,
        b"\x93": _Machine.name_stack,
        b"R": _Machine.make,
        b"\x81": _Machine.make,
        b"\x92": _Machine.make_with_names,
        b"b": _Machine.build,
    }
    return {code[0]: instruction for code, instruction in table.items()}


_INSTRUCTIONS = _instructions()
