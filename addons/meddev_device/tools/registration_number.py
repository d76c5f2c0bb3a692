"""Shapes of Chinese registration, filing and licence numbers.

Source: 《医疗器械注册与备案管理办法》 (SAMR Order 47, 2021) Art. 115, 116; earlier
numbers by 《医疗器械注册管理办法》 (SFDA Order 16, 2004); licences by CFDA Orders 7
and 8 of 2014, whose formats the Orders 53 and 54 of 2022 no longer print.
"""

import re
import unicodedata
from datetime import date
from typing import NamedTuple

REGISTRATION = "registration"
FILING = "filing"
OLD_REGISTRATION = "old_registration"

OK = "ok"
WARNING = "warning"
ERROR = "error"

NATIONAL = "国"
PROVINCES = "京津沪渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵黔云滇藏陕甘青宁新"
DOMESTIC, IMPORT, HONG_KONG_MACAO_TAIWAN = "准", "进", "许"

_FIRST_YEAR = {REGISTRATION: 2014, FILING: 2014, OLD_REGISTRATION: 1997}
_CATALOGUE_CATEGORIES = range(1, 23)
_IVD_CATEGORY = 40

_REGISTRATION = re.compile(
    rf"(?P<authority>[{NATIONAL}{PROVINCES}])械注(?P<origin>准|进|许)(?P<year>[0-9]{{4}})"
    r"(?P<class>[0-9])(?P<category>[0-9]{2})(?P<serial>[0-9]{4,5})"
)
_FILING = re.compile(
    rf"(?P<authority>{NATIONAL}|[{PROVINCES}][\u4e00-\u9fa5]?)械备"
    r"(?P<year>[0-9]{4})(?P<serial>[0-9]{4,5})号?"
)
_OLD_REGISTRATION = re.compile(
    rf"(?P<authority>[{NATIONAL}{PROVINCES}][\u4e00-\u9fa5]??)食?药监械\((?P<origin>准|进|许)\)字"
    r"(?P<year>[0-9]{4})第(?P<class>[0-9])(?P<category>[0-9]{2})(?P<serial>[0-9]{4})号?"
)
_LICENCE = re.compile(
    rf"(?P<authority>[{PROVINCES}][\u4e00-\u9fa5]{{0,2}}?)食?药监械"
    r"(?P<licence_kind>经营许可|经营备|生产许可|生产备)(?P<year>[0-9]{4})(?P<serial>[0-9]{4,5})号?"
)
_DRUG = re.compile(r"国药(准字|试字|证字|健字)|国妆|国食健|进口药品|[HZSBTFJ]C?[0-9]{8}")
_DISINFECTANT = re.compile(r"卫消(证字|准字|备字)?")
_BRACKETS = str.maketrans("〔〕［］【】{}[]", "()()()()()")


class RegistrationCheck(NamedTuple):
    """What a number says and what is wrong with it.

    :ivar kind: one of the constants above, or None when no shape fits.
    :ivar severity: the worst of its problems; an error must block, a warning not.
    :ivar problems: codes in order, see ``PROBLEMS``.
    :ivar parts: texts ``authority``, ``origin``, ``class``, ``category``,
        ``serial`` and the number ``year``; only those that the shape has.
    :ivar normalised: the number in the spelling to store and compare.
    """

    kind: str | None
    severity: str
    problems: tuple
    parts: dict
    normalised: str


# Code: severity. The Odoo layer holds the translated sentences.
PROBLEMS = {
    "empty": ERROR,
    "drug_number": ERROR,
    "not_device_number": ERROR,
    "unknown_shape": ERROR,
    "class_not_registered": ERROR,
    "class_unknown": ERROR,
    "import_needs_national": ERROR,
    "province_needs_class_2": ERROR,
    "national_domestic_needs_class_3": WARNING,
    "year_in_future": ERROR,
    "year_too_early": WARNING,
    "category_unknown": WARNING,
    "licence_shape": WARNING,
}


def normalise_number(text):
    """Half-width, without white space, with plain round brackets.

    :param text: a text, None or False.
    """
    text = unicodedata.normalize("NFKC", str(text or "")).translate(_BRACKETS)
    return "".join(text.split()).replace("\u200b", "").replace("\ufeff", "")


def check_registration_number(text, today=None):
    """Judge the number of a medical device's registration or filing.

    :param text: as printed on the certificate or typed; never raises.
    :param today: ``date`` in China, default the machine's own local day.
    :return: :class:`RegistrationCheck`.
    Rule: SAMR Order 47 (2021) Art. 115, 116.
    """
    number = normalise_number(text)
    if not number:
        return _result(None, ["empty"], {}, number)
    for kind, shape in (
        (REGISTRATION, _REGISTRATION),
        (FILING, _FILING),
        (OLD_REGISTRATION, _OLD_REGISTRATION),
    ):
        if found := shape.fullmatch(number):
            parts = {**found.groupdict(), "year": int(found["year"])}
            return _result(kind, _problems(kind, parts, today or date.today()), parts, number)
    if _DRUG.match(number):
        return _result(None, ["drug_number"], {}, number)
    if _DISINFECTANT.search(number):
        return _result(None, ["not_device_number"], {}, number)
    return _result(None, ["unknown_shape"], {}, number)


def check_licence_number(text, today=None):
    """Judge the number of a trade or production licence; it only ever warns.

    :return: :class:`RegistrationCheck` whose ``kind`` is one of the four Chinese words
        (经营许可, 经营备, 生产许可, 生产备) or None.
    Rule: CFDA Orders 7 and 8 (2014) by analogy; no format since Orders 53, 54 (2022).
    """
    number = normalise_number(text)
    found = _LICENCE.fullmatch(number)
    if not found:
        return RegistrationCheck(None, WARNING, ("licence_shape",), {}, number)
    parts = {**found.groupdict(), "year": int(found["year"])}
    kind = parts.pop("licence_kind")
    is_future = parts["year"] > (today or date.today()).year
    problems = ("year_in_future",) if is_future else ()
    return RegistrationCheck(kind, WARNING if problems else OK, problems, parts, number)


def _problems(kind, parts, today):
    if parts["year"] > today.year:
        yield "year_in_future"
    if parts["year"] < _FIRST_YEAR[kind]:
        yield "year_too_early"
    if kind == FILING:
        return
    if kind == REGISTRATION:
        yield from _class_problems(parts)
        if int(parts["category"]) not in (
            *_CATALOGUE_CATEGORIES,
            _IVD_CATEGORY,
        ) and not _is_old_category(parts):
            yield "category_unknown"
    elif parts["class"] not in "123":
        yield "class_unknown"
    if parts["origin"] != DOMESTIC and not parts["authority"].startswith(NATIONAL):
        yield "import_needs_national"


def _class_problems(parts):
    """Class I is filed, not registered; provinces register domestic class II only."""
    is_national = parts["authority"] == NATIONAL
    device_class = parts["class"]
    if device_class == "1":
        yield "class_not_registered"
    elif device_class not in "23":
        yield "class_unknown"
    elif parts["origin"] == DOMESTIC and not is_national and device_class != "2":
        yield "province_needs_class_2"
    elif parts["origin"] == DOMESTIC and is_national and device_class != "3":
        yield "national_domestic_needs_class_3"


def _is_old_category(parts):
    """Numbers before August 2018 carry the last two digits of the 2002 catalogue (68xx)."""
    return parts["year"] <= 2018 and 1 <= int(parts["category"]) <= 77


def _result(kind, problems, parts, number):
    problems = tuple(problems)
    severities = {PROBLEMS[code] for code in problems}
    severity = ERROR if ERROR in severities else WARNING if severities else OK
    return RegistrationCheck(kind, severity, problems, parts, number)
