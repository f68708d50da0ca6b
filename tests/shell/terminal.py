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

ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>]")


class Terminal:
    def __init__(self, argv, env=None, columns=100):
        self.seen = b""  # since the last wait
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(env or {})
            os.environ["TERM"] = "xterm"
            os.execv(argv[0], argv)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))

    def send(self, keys):
        os.write(self.fd, keys.encode())

    def wait(self, text, seconds=20):
        """Waits for the text, takes all up to it, and returns that. Raises with what came instead."""
        wanted = text.encode()
        end = time.monotonic() + seconds
        while True:
            plain = ESCAPES.sub(b"", self.seen)
            at = plain.find(wanted)
            if at >= 0:
                self.seen = plain[at + len(wanted):]
                return plain[:at + len(wanted)].decode(errors="replace")
            left = end - time.monotonic()
            if left <= 0 or not self._read(left):
                raise AssertionError(f"waited for {text!r}, saw {plain.decode(errors='replace')!r}")

    def _read(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], max(seconds, 0))
        if not ready:
            return False
        try:
            more = os.read(self.fd, 65536)
        except OSError:
            return False
        self.seen += more
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
