"""`make lint` and `make format`: every check of config/lint, several at once."""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

from . import locks, node, paths, python_env
from .ui import Failure, say, step

CONFIG = paths.CONFIG / "lint"
PROGRAMS = paths.LINT / "bin"
PYTHON_SOURCES = ("addons", "config", "tests", "conftest.py")
# Odoo's rules only, plain Python is ruff's; the author is not the OCA, and README.rst is made
# from readme/ at release. Evidence models refuse write and unlink without calling super, and
# their one door calls super().write; a model with several concerns has a file for each. The
# order counts, which a configuration file cannot say.
PYLINT_MESSAGES = (
    "--disable=all",
    "--enable=odoolint",
    "--disable=manifest-required-author,missing-readme",
    "--disable=method-required-super,missing-return,no-raise-unlink,super-method-mismatch",
    "--disable=consider-merging-classes-inherited",
)
PRETTIER_ENDINGS = (".xml", ".js", ".scss")
PROSE_ENDINGS = (".py", ".xml", ".md", ".js", ".csv", ".toml", ".conf")


def main(_arguments):
    _ensure_tools()
    failed = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for name, result in pool.map(_check, _checks().items()):
            say(f"  {name}: {'failed' if result.returncode else 'ok'}")
            if result.returncode:
                failed.append(name)
                say(_indented(result.stdout))
    if failed:
        raise Failure(f"{', '.join(failed)} found problems (`make format` mends the layout)")
    say("lint: everything passed")


def format_files(_arguments):
    _ensure_tools()
    sources = _existing(PYTHON_SOURCES)
    for command in (
        [*_ruff("check"), "--fix", "--quiet", *sources],
        [*_ruff("format"), "--quiet", *sources],
        [*_prettier("--write", "--log-level=warn"), *_files(PRETTIER_ENDINGS)],
    ):
        subprocess.run(list(map(str, command)), cwd=paths.CHECKOUT)


def _checks():
    """``{name: command}``; each ends non-zero when it finds something."""
    sources = _existing(PYTHON_SOURCES)
    manifests = sorted(paths.ADDONS.glob("*/__manifest__.py"))
    addons = [manifest.parent for manifest in manifests]
    checks = {
        "ruff": [*_ruff("check"), "--output-format=concise", *sources],
        "ruff format": [*_ruff("format"), "--check", "--output-format=concise", *sources],
        "codespell": [
            PROGRAMS / "codespell",
            f"--ignore-words={CONFIG / 'words.txt'}",
            *_files(PROSE_ENDINGS),
        ],
        "manifests and licences": [
            PROGRAMS / "python",
            CONFIG / "check_manifests.py",
            paths.ADDONS,
        ],
        "translations": [PROGRAMS / "python", CONFIG / "check_translations.py", paths.ADDONS],
    }
    if addons:
        checks |= {
            "pylint-odoo": [
                PROGRAMS / "pylint",
                f"--rcfile={CONFIG / 'pylintrc'}",
                *PYLINT_MESSAGES,
                *addons,
            ],
            "OCA checks": [
                PROGRAMS / "oca-checks-odoo-module",
                f"--config={CONFIG / 'oca_hooks.cfg'}",
                *manifests,
            ],
            "prettier": [*_prettier("--check"), *_files(PRETTIER_ENDINGS)],
        }
    return checks


def _check(named):
    name, command = named
    return name, subprocess.run(
        list(map(str, command)),
        cwd=paths.CHECKOUT,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _ensure_tools():
    with locks.exclusive("setup"):
        python_env.ensure_lint()
        _ensure_prettier()


def _ensure_prettier():
    lock = CONFIG / "package-lock.json"
    stamp = paths.NODE / "installed"
    node.ensure()
    if stamp.exists() and stamp.read_bytes() == lock.read_bytes():
        return
    with step("prettier"):
        shutil.rmtree(paths.NODE, ignore_errors=True)
        paths.NODE.mkdir(parents=True)
        shutil.copy(CONFIG / "package.json", paths.NODE)
        shutil.copy(lock, paths.NODE)
        problem = "npm cannot install prettier: check npm's registry"
        node.npm(["ci", "--silent"], paths.NODE, problem)
    stamp.write_bytes(lock.read_bytes())


def _ruff(command):
    cache = paths.CACHE / "ruff"
    return [PROGRAMS / "ruff", command, f"--config={CONFIG / 'ruff.toml'}", f"--cache-dir={cache}"]


def _prettier(*options):
    plugin = paths.NODE / "node_modules/@prettier/plugin-xml/src/plugin.js"
    return [
        paths.NODE / "node_modules/.bin/prettier",
        f"--config={CONFIG / 'prettier.json'}",
        f"--plugin={plugin}",
        "--no-editorconfig",
        "--ignore-path=",
        *options,
    ]


def _existing(names):
    return [name for name in names if (paths.CHECKOUT / name).exists()]


def _files(endings):
    """Files of the checkout, without what git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=paths.CHECKOUT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        raise Failure(
            "the checks read git's list of files, which this folder lacks: work in a git clone"
        )
    names = [name for name in listed.stdout.split("\0") if name.endswith(endings)]
    return [name for name in sorted(set(names)) if (paths.CHECKOUT / name).is_file()]


def _indented(text):
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines())
