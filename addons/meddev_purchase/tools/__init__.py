from . import capture_lines, retention
