"""Reading UDI carriers: GS1, HIBCC, ICCBBA and China MA.

``parse`` answers a JSON-able dictionary, ``read`` the full :class:`UdiReading`
with warning parameters and everything else that the carrier said.
Neither ever raises, whatever is passed in.

Sources: GS1 General Specifications and GS1 Digital Link URI Syntax;
ANSI/HIBC 2.6; ISBT 128 ST-001; IMDRF/UDI WG/N48; NMPA 2019 No. 66.
"""

from .carrier import trim_carrier
from .certain import certain_values, clean_di, possible_values
from .reader import parse, read
from .reading import ISSUERS, VALUE_KEYS, UdiReading
from .warning_codes import WARNINGS

__all__ = [
    "ISSUERS",
    "VALUE_KEYS",
    "WARNINGS",
    "UdiReading",
    "certain_values",
    "clean_di",
    "parse",
    "possible_values",
    "read",
    "trim_carrier",
]
