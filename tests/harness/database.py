"""database - real database servers for tests: PostgreSQL and MariaDB, each in a folder of its own and on a free port.

They refuse to be run by root, or ask for it to be said; then they run as the user that their package made. What is not
installed is NotHere."""
import contextlib
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import time

PASSWORD = "geheim;{van}=muster"  # with all that a connection line has to quote
SECONDS = 120


class NotHere(Exception):
    """A server is not installed; says which package."""


def free_port():
    with contextlib.closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def program(name, package, *places):
    for place in (*places, shutil.which(name) or ""):
        found = [path for path in pathlib.Path("/").glob(str(place).lstrip("/"))] if place else []
        if found:
            return str(sorted(found)[-1])
    raise NotHere(f"{name} is not installed (Debian's package {package})")


def done(argv, **more):
    ran = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=SECONDS, **more)
    assert ran.returncode == 0, f"{argv}: {ran.stdout}{ran.stderr}"
    return ran.stdout


class Server:
    """`sql` runs statements and gives what they say; `port` is where it listens."""

    def __init__(self, folder, user):
        self.folder, self.port, self.process = pathlib.Path(folder).absolute(), None, None
        self.as_user = []
        if os.geteuid() == 0:
            who = pwd.getpwnam(user)
            self.as_user = ["setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups"]
            self.folder.mkdir()
            os.chown(self.folder, who.pw_uid, who.pw_gid)
        else:
            self.folder.mkdir()

    def start(self, argv, ready):
        """Starts it on a free port; another program may take that meanwhile, so it is tried again on the next."""
        for _ in range(5):
            self.port = free_port()
            log = (self.folder.parent / f"{self.folder.name}.log").open("ab")
            self.process = subprocess.Popen([*self.as_user, *argv(self.port)], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd="/")
            until = time.monotonic() + SECONDS
            while self.process.poll() is None and time.monotonic() < until:
                if ready():
                    return
                time.sleep(0.1)
            self.stop()
        raise AssertionError((self.folder.parent / f"{self.folder.name}.log").read_text(errors="replace")[-3000:])

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()


class Postgres(Server):
    def __init__(self, folder):
        initdb = program("initdb", "postgresql", "/usr/lib/postgresql/*/bin/initdb")
        self.psql = program("psql", "postgresql-client")
        super().__init__(folder, "postgres")
        word = self.folder / "word"
        word.write_text(PASSWORD + "\n")
        word.chmod(0o644)
        data = self.folder / "data"
        done([*self.as_user, initdb, "-N", "-D", str(data), "-U", "boss", "--auth=scram-sha-256", "-E", "UTF8",
              "--locale=C.UTF-8", f"--pwfile={word}"], cwd="/")
        server = str(pathlib.Path(initdb).parent / "postgres")
        self.argv = lambda port: [server, "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(self.folder),
                                  "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=20"]
        self.start(self.argv, lambda: self.try_sql("SELECT 1").returncode == 0)

    def try_sql(self, text):
        return subprocess.run([self.psql, "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p",
                               str(self.port), "-U", "boss", "postgres"], input=text, capture_output=True, text=True,
                              check=False, timeout=SECONDS, env=os.environ | {"PGPASSWORD": PASSWORD})

    def sql(self, text):
        ran = self.try_sql(text)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


class Maria(Server):
    def __init__(self, folder):
        mariadbd = program("mariadbd", "mariadb-server", "/usr/sbin/mariadbd")
        install = program("mariadb-install-db", "mariadb-server")
        self.client = program("mariadb", "mariadb-client")
        super().__init__(folder, "mysql")
        data = self.folder / "data"
        common = ["--no-defaults", f"--datadir={data}"]
        done([*self.as_user, install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"], cwd="/",
             env=os.environ | {"TMPDIR": str(self.folder)})
        self.argv = lambda port: [mariadbd, *common, f"--port={port}", "--bind-address=127.0.0.1",
                                  f"--socket={self.folder}/s", "--skip-name-resolve", "--innodb-flush-method=nosync",
                                  "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M",
                                  f"--tmpdir={self.folder}",
                                  f"--pid-file={self.folder}/pid"]
        self.start(self.argv, lambda: self.try_sql("SELECT 1").returncode == 0)

    def try_sql(self, text):
        return subprocess.run([self.client, "--no-defaults", "-N", "-B", "--default-character-set=utf8mb4", "-u",
                               "root", f"--socket={self.folder}/s", "mysql"], input=text, capture_output=True,
                              text=True, check=False, timeout=SECONDS)

    def sql(self, text):
        ran = self.try_sql(text)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout
