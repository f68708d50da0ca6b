"""A program on a terminal of its own, for tests: types keys, waits for what appears."""
import os
import pty
import re
import select
import signal
import struct
import fcntl
import termios
import time

ESCAPE = re.compile(rb"\x1b\[([0-9;?]*)([A-Za-z@])|\x1b[()][A-Z0-9]|\x1b[=>]")


class Screen:
    """What a terminal shows: enough of one for a line editor."""

    def __init__(self):
        self.lines, self.row, self.column = [""], 0, 0
        self.rest = b""  # the beginning of a character or an escape
        self.mark = (0, 0)  # row and column behind what was waited for

    def feed(self, data):
        data, self.rest = self.rest + data, b""
        at = 0
        while at < len(data):
            if data[at] == 0x1B:
                found = ESCAPE.match(data, at)
                if not found:
                    if len(data) - at < 12:
                        self.rest = data[at:]
                        return
                    at += 1
                    continue
                at = found.end()
                if found.group(2):
                    count = int(found.group(1)) if found.group(1).isdigit() else 0
                    self.escape(found.group(2), count)
                continue
            size = 1 if data[at] < 0xC0 else 2 if data[at] < 0xE0 else 3 if data[at] < 0xF0 else 4
            if at + size > len(data):
                self.rest = data[at:]
                return
            self.put(data[at:at + size].decode(errors="replace"))
            at += size

    def put(self, char):
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self.row += 1
            if self.row == len(self.lines):
                self.lines.append("")
        elif char == "\b":
            self.column = max(0, self.column - 1)
        elif char >= " ":
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[:self.column] + char + line[self.column + 1:]
            self.column += 1

    def escape(self, kind, count):
        line = self.lines[self.row].ljust(self.column)
        if kind == b"C":
            self.column += max(1, count)
        elif kind == b"D":
            self.column = max(0, self.column - max(1, count))
        elif kind == b"G":
            self.column = max(1, count) - 1
        elif kind == b"A":
            self.row = max(0, self.row - max(1, count))
        elif kind == b"K":
            self.lines[self.row] = line[:self.column]
            if self.mark[0] == self.row:  # what comes in its place is new
                self.mark = (self.row, min(self.mark[1], self.column))
        elif kind == b"P":
            self.lines[self.row] = line[:self.column] + line[self.column + max(1, count):]
        elif kind == b"@":
            self.lines[self.row] = line[:self.column] + " " * max(1, count) + line[self.column:]


class Terminal:
    def __init__(self, argv, env=None, columns=100):
        self.screen = Screen()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(env or {})
            os.environ["TERM"] = "xterm"
            os.execv(argv[0], argv)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))

    def send(self, keys):
        os.write(self.fd, keys.encode())

    def wait(self, text, seconds=20):
        """Waits until the text is on the screen below what was waited for before. Returns all that
        lies between. Raises with what came instead."""
        end = time.monotonic() + seconds
        while True:
            row, column = self.screen.mark
            seen = "\n".join([self.screen.lines[row][column:]] + self.screen.lines[row + 1:])
            at = seen.find(text)
            if at >= 0:
                taken = seen[:at + len(text)]
                breaks = taken.count("\n")
                last = len(taken) - taken.rfind("\n") - 1 if breaks else column + len(taken)
                self.screen.mark = (row + breaks, last)
                if text.endswith("> "):
                    self._wait_for_editor()
                return taken
            left = end - time.monotonic()
            if left <= 0 or not self._read(left):
                raise AssertionError(f"waited for {text!r}, saw {seen!r}")

    def _wait_for_editor(self):
        """The prompt is there a moment before the keys are the editor's."""
        end = time.monotonic() + 5
        while termios.tcgetattr(self.fd)[3] & termios.ICANON and time.monotonic() < end:
            time.sleep(0.005)

    def _read(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], max(seconds, 0))
        if not ready:
            return False
        try:
            more = os.read(self.fd, 65536)
        except OSError:
            return False
        self.screen.feed(more)
        return bool(more)

    def end(self):
        """Closes the terminal and returns the exit status."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
            self._read(0.05)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
        raise AssertionError("the program did not end")
