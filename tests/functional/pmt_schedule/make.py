import os
import pty
import sys


def log_in(password, name="ann"):
    """`muster action acme pmt login` on a terminal, and what is typed there."""
    child, terminal = pty.fork()
    if child == 0:
        os.execvp("muster", ["muster", "action", "acme", "pmt", "login", f"person={name}@acme.example"])
    said = b""
    typed = False
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        said += piece
        if not typed and b"password" in said:
            os.write(terminal, password.encode() + b"\n")
            typed = True
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(said.decode().replace("\r", "").strip())
    sys.exit(status)


def wrongly():
    log_in("wrong")


def rightly():
    log_in("welkom-ann")


def colleague():
    log_in("welkom-bob", "bob")
