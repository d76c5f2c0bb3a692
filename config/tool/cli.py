"""The commands, as the Makefile calls them."""

import os
import sys

from . import bench, clean, devtest, journey, lint, paths, server, setup, suite, trouble
from .ui import Failure, say

COMMANDS = {
    "setup": setup.main,
    "run": server.main,
    "stop": server.stop,
    "test": suite.main,
    "lint": lint.main,
    "format": lint.format_files,
    "bench": bench.main,
    "journey": journey.main,
    "clean": clean.main,
    "dev-test": devtest.main,
    "shell-env": devtest.shell_environment,
}


def main(arguments):
    name = arguments[0] if arguments else ""
    if name not in COMMANDS:
        say(f"usage: config/meddev {'|'.join(COMMANDS)}")
        return 2
    try:
        paths.prepare()
        return COMMANDS[name](arguments[1:]) or 0
    except Failure as failure:
        say(f"meddev {name}: {failure}")
        return 1
    except KeyboardInterrupt:
        say(f"meddev {name}: interrupted")
        return 130
    except BrokenPipeError:
        # Whoever read along has enough; the interpreter must not complain when it closes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        say(f"meddev {name}: {trouble.explain(error)}")
        return 1
    except Exception as error:
        say(f"meddev {name}: {trouble.surprise(error)}")
        return 1
