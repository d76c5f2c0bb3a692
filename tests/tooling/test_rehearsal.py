"""Installing, updating and uninstalling on a database that already lives, small."""

import subprocess

from tool import paths

SCRIPT = paths.CHECKOUT / "addons/meddev_device/tests/rehearsal/install_on_existing.py"
LOTS = 300


def test_addons_come_and_go_on_a_living_database():
    """Given lots, an open receipt and tickets, nothing of them is lost or held up."""
    done = subprocess.run(
        [str(paths.PYTHON), str(SCRIPT), str(LOTS)],
        capture_output=True,
        check=False,
        cwd=paths.CHECKOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "rehearsal: all steps hold" in done.stdout
