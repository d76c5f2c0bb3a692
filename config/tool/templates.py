"""Prepared test databases, copied instead of installed again.

``base`` holds what our addons stand on, ``suite`` our addons on top of it, both with English and
Chinese and without demo data. Each is made again when what it was made from changed.
"""

import hashlib
import json
import shutil

from . import addons, locks, odoo, odoo_source, paths
from .ui import step

BASE = "base_template"
SUITE = "suite_template"


def ensure_base(cluster):
    """The dependencies of all our addons."""
    needed = ["base", "web", *addons.foreign_dependencies()]
    wheels = (paths.CONFIG / "requirements-oca.txt").read_text()
    sources = [needed, str(odoo_source.ensure()), wheels]
    _ensure(cluster, BASE, None, needed, sources, f"--load-language={odoo.LANGUAGES}")


def ensure_suite(cluster):
    """All our addons."""
    ensure_base(cluster)
    sources = [addons.digests(), _stamp(BASE).read_text()]
    _ensure(cluster, SUITE, BASE, addons.names(), sources, finish=_compile_assets)


def copy(cluster, template, database):
    """A new database with the content and files of a template."""
    cluster.drop(database)
    cluster.create(database, template)
    copy_files(cluster, template, database)


def copy_files(cluster, source, target):
    files = filestore(cluster, target)
    shutil.rmtree(files, ignore_errors=True)
    if filestore(cluster, source).exists():
        shutil.copytree(filestore(cluster, source), files)


def filestore(cluster, database):
    return paths.DATA / cluster.name / "filestore" / database


def _compile_assets(configuration, cluster, name):
    """Scripts and styles of all pages: on two cores a browser test would not wait for them."""
    odoo.run_code(cluster, configuration, name, 'env["ir.qweb"]._pregenerate_assets_bundles()')


def _ensure(cluster, name, parent, names, sources, *options, finish=None):
    wanted = hashlib.sha256(json.dumps(sources, sort_keys=True).encode()).hexdigest()
    with locks.exclusive(name):
        stamp = _stamp(name)
        if stamp.exists() and stamp.read_text() == wanted and cluster.exists(name):
            return
        stamp.unlink(missing_ok=True)
        with step(f"database {name}: {_few(names)}", odoo.loading(name)):
            configuration = _make(cluster, name, parent, names, options)
        if finish:
            with step(f"database {name}: scripts and styles"):
                finish(configuration, cluster, name)
        stamp.write_text(wanted)


def _make(cluster, name, parent, names, options):
    cluster.drop(name)
    shutil.rmtree(filestore(cluster, name), ignore_errors=True)
    cluster.create(name, parent)
    if parent:
        copy_files(cluster, parent, name)
    configuration = odoo.write_configuration(odoo.PROFILES / "test.conf", cluster, name)
    (paths.LOG / f"{name}.log").unlink(missing_ok=True)
    odoo.install(cluster, configuration, name, names, name, *options)
    return configuration


def _stamp(name):
    return paths.STATE / name


def _few(names):
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
