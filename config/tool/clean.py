"""`make clean`: stop everything and delete the one folder that the tooling made."""

import shutil

from . import paths, server
from .ui import say, step


def main(_arguments):
    server.stop([])
    with step(f"delete {paths.HOME.name}"):
        shutil.rmtree(paths.HOME)
    say("nothing is left of it")
