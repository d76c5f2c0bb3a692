from . import address, capture_lines, print_pages, retention
