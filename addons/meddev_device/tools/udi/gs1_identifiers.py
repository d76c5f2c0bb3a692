"""GS1 application identifiers: their data formats.

Each line: identifiers, then the format. ``*`` marks the predefined lengths, after
which no FNC1 is needed; ``N`` digits, ``X`` character set 82, ``Y`` set 39, ``Z``
base64url; ``..`` "up to"; ``[]`` optional.
Source: GS1 General Specifications 3.2 (figures 3.2-1 and 7.8.5-2), 2025.
"""

import re
from typing import NamedTuple

_FORMATS = """
00 *N18
01-03 *N14
11-13,15-17 *N6
20 *N2
10,21-22 X..20
235 X..28
240-241,250-251 X..30
242 N..6
243,254 X..20
253 N13 [X..17]
255 N13 [N..12]
30,37 N..8
3100-3105,3110-3115,3120-3125,3130-3135,3140-3145,3150-3155,3160-3165 *N6
3200-3205,3210-3215,3220-3225,3230-3235,3240-3245,3250-3255,3260-3265,3270-3275 *N6
3280-3285,3290-3295,3300-3305,3310-3315,3320-3325,3330-3335,3340-3345,3350-3355 *N6
3360-3365,3370-3375,3400-3405,3410-3415,3420-3425,3430-3435,3440-3445,3450-3455 *N6
3460-3465,3470-3475,3480-3485,3490-3495,3500-3505,3510-3515,3520-3525,3530-3535 *N6
3540-3545,3550-3555,3560-3565,3570-3575,3600-3605,3610-3615,3620-3625,3630-3635 *N6
3640-3645,3650-3655,3660-3665,3670-3675,3680-3685,3690-3695 *N6
3900-3909,3920-3929 N..15
3910-3919,3930-3939 N3 N..15
3940-3943 N4
3950-3955 N6
400-401,403 X..30
402 N17
410-417 *N13
420 X..20
421 N3 X..9
422,424,426 N3
423,425 N3 [N3] [N3] [N3] [N3]
427 X..3
4300-4301,4310-4311,4320 X..35
4302-4306,4312-4316 X..70
4307,4317 X2
4308,4319 X..30
4309 N10 N10
4318 X..20
4321-4323 N1
4324-4325 N6 N4
4326 N6
4330-4333 N6 [X1]
7001 N13
7002 X..30
7003 N6 N4
7004 N..4
7005 X..12
7006 N6
7007 N6 [N6]
7008 X..3
7009 X..10
7010 X..2
7011 N6 [N4]
7020-7022,710-717,7240 X..20
7023 X..30
7030-7039 N3 X..27
7040 N1 X1 X1 X1
7041 X..4
7230-7239 X2 X..28
7241 N2
7242 X..25
7250 N8
7251 N8 N4
7252 N1
7253-7254,7259 X..40
7255 X..10
7256 X..90
7257 X..70
7258 X3
8001 N4 N5 N3 N1 N1
8002,8012 X..20
8003 N1 N13 [X..16]
8004 X..30
8005 N6
8006,8026 N14 N4
8007 X..34
8008 N6 N2 [N2] [N2]
8009 X..50
8010 Y..30
8011 N..12
8013-8014,8020 X..25
8017-8018 N18
8019 N..10
8030 Z..90
8040-8041 N15
8042 N32
8043 N18 [N..2]
8110,8112,8200 X..70
8111 N4
90 X..30
91-99 X..90
"""

_CHARACTERS = {
    "N": "[0-9]",
    "X": r"[!-\"%-?A-Z_a-z]",
    "Y": r"[#\-/0-9A-Z]",
    "Z": r"[A-Za-z0-9_=\-]",
}
_COMPONENT = re.compile(r"(\[)?([NXYZ])(\.\.)?([0-9]+)\]?")


class Identifier(NamedTuple):
    """One application identifier; lengths count characters without the AI itself."""

    code: str
    specification: str
    is_predefined: bool
    minimum: int
    maximum: int
    is_numeric: bool
    matches: object  # bound ``fullmatch`` of the compiled format

    @property
    def is_exact(self):
        """Every valid value has the same length."""
        return self.minimum == self.maximum


def _identifier(code, specification):
    minimum = maximum = 0
    pattern = ""
    kinds = set()
    for optional, kind, up_to, digits in _COMPONENT.findall(specification):
        length = int(digits)
        part = f"{_CHARACTERS[kind]}{{{1 if up_to else length},{length}}}"
        pattern += f"(?:{part})?" if optional else part
        minimum += 0 if optional else 1 if up_to else length
        maximum += length
        kinds.add(kind)
    return Identifier(
        code=code,
        specification=specification.lstrip("*"),
        is_predefined=specification.startswith("*"),
        minimum=minimum,
        maximum=maximum,
        is_numeric=kinds == {"N"},
        matches=re.compile(pattern).fullmatch,
    )


def _identifiers():
    for line in _FORMATS.strip().splitlines():
        codes, _space, specification = line.partition(" ")
        for span in codes.split(","):
            first, _dash, last = span.partition("-")
            for number in range(int(first), int(last or first) + 1):
                yield _identifier(str(number).zfill(len(first)), specification)


IDENTIFIERS = {identifier.code: identifier for identifier in _identifiers()}

# How many characters an identifier has follows from its first two digits.
_LENGTHS = {code[:2]: len(code) for code in IDENTIFIERS}


def identifier_at(text, position):
    """Application identifier that starts at ``position``, or None."""
    length = _LENGTHS.get(text[position : position + 2])
    return length and IDENTIFIERS.get(text[position : position + length])
