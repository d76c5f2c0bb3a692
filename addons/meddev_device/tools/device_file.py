"""Files with devices, as people send them: find the columns, read the cells, name what is wrong.

Knows no database. What a spreadsheet spoilt (a serial number turned into a date or cut to 15
digits) is told, never loaded.
"""

import csv
import io
import re
import unicodedata
from datetime import date, datetime

from .udi import trim_carrier

#: Key of ``stock.lot.load_devices`` -> titles that people give to the column.
COLUMN_TITLES = {
    "serial": (
        "serial number",
        "serial no",
        "serial",
        "sn",
        "s/n",
        "lot/serial number",
        "序列号",
        "设备序列号",
        "产品序列号",
        "出厂编号",
        "机身号",
        "批次/序列号",
    ),
    "product_code": (
        "product code",
        "internal reference",
        "item code",
        "产品编码",
        "产品编号",
        "物料编码",
        "内部参考",
        "内部编码",
    ),
    "product": ("product", "product name", "产品", "产品名称", "设备名称"),
    "product_id": ("product id", "产品 id"),
    "udi_di": (
        "udi-di",
        "di",
        "gtin",
        "device identifier",
        "产品标识",
        "产品标识 di",
        "最小销售单元产品标识",
    ),
    "udi_carrier": ("udi carrier", "udi", "barcode", "udi 载体", "udi 码", "完整 udi", "条码"),
    "manufacturer": (
        "manufacturer",
        "maker",
        "制造商",
        "生产企业",
        "生产厂家",
        "生产商",
        "厂家",
        "厂商",
        "注册人",
    ),
    "customer": (
        "customer",
        "hospital",
        "客户",
        "医院",
        "医院名称",
        "客户名称",
        "使用单位",
        "医疗机构",
    ),
    "department": ("department", "科室", "使用科室", "科室名称", "部门"),
    "room": ("room", "房间", "病房", "机房"),
    "alias": (
        "alias",
        "asset number",
        "asset no",
        "别名",
        "资产编号",
        "资产号",
        "医院资产编号",
    ),
    "purchase_date": ("purchase date", "采购日期", "购买日期", "购置日期"),
    "shipping_date": ("shipping date", "ship date", "发货日期", "出库日期"),
    "installation_date": ("installation date", "install date", "安装日期", "装机日期"),
    "acceptance_date": ("acceptance date", "验收日期"),
    "firmware_version": ("firmware version", "firmware", "固件版本", "固件"),
    "batch_number": ("batch number", "lot number", "batch", "批号", "生产批号"),
    "production_date": (
        "production date",
        "manufacturing date",
        "manufacture date",
        "生产日期",
        "制造日期",
    ),
    "expiry_date": (
        "expiry date",
        "expiration date",
        "有效期",
        "有效期至",
        "失效日期",
        "到期日期",
        "过期日期",
    ),
    "software_version": ("software version", "软件版本"),
    "origin": ("origin", "来源"),
    "device_state": ("device state", "state", "status", "状态", "设备状态"),
    "company_id": ("company id", "公司 id"),
}
#: What our own file of refused rows adds; on the way back it says nothing.
REPORT_TITLES = ("row", "wrong column", "reason", "行", "行号", "出错列", "原因")
#: The columns of the template, in order.
TEMPLATE_KEYS = (
    "serial",
    "product_code",
    "udi_di",
    "udi_carrier",
    "manufacturer",
    "customer",
    "department",
    "room",
    "alias",
    "device_state",
    "origin",
    "purchase_date",
    "shipping_date",
    "installation_date",
    "acceptance_date",
    "firmware_version",
    "batch_number",
    "production_date",
    "expiry_date",
)
PRODUCT_KEYS = ("product_id", "udi_di", "udi_carrier", "product_code", "product")
NUMBER_KEYS = ("product_id", "company_id")
#: Rows above the header, such as the title of a list, that are passed over.
MAX_LINES_ABOVE_HEADER = 10

# Reasons of a refusal; the caller says them in the user's language.
NO_HEADER = "no_header"
NO_PRODUCT_COLUMN = "no_product_column"
COLUMN_TWICE = "column_twice"
NOT_TEXT = "not_text"
BECAME_DATE = "became_date"
BECAME_NUMBER = "became_number"
CELL_ERROR = "cell_error"
OPEN_QUOTE = "open_quote"

ERROR_VALUES = {"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"}
_SHORTENED = re.compile(r"\d(\.\d+)?E\+\d{2}")
_GTIN_LENGTHS = (8, 12, 13)
_SPREADSHEET_DIGITS = 15
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
#: A cell that begins with one of these is a formula to a spreadsheet, in any input method.
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
_GUARD = "'"


class FileProblem(ValueError):
    """The file, or a cell of it, cannot be used."""

    def __init__(self, reason, value=""):
        super().__init__(reason)
        self.reason = reason
        self.value = value


class OpenQuote(str):
    """A line of a CSV file whose quotation mark is never closed."""


# Text files


def read_csv(content):
    """Rows of a CSV file: UTF-8 with or without BOM, UTF-16 with BOM, or GB18030.

    Separated by comma, semicolon or tab. Of a file with a quotation mark that is never closed
    only that line is lost: it comes as one :class:`OpenQuote`.

    :param content: bytes.
    :return: list of lists of texts.
    :raise FileProblem: the bytes are no text.
    """
    text = _decode(content)
    if "\x00" in text:
        raise FileProblem(NOT_TEXT)
    delimiter = _find_delimiter(text)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return [_read_line(line, delimiter) for line in re.split(r"\r\n|\r|\n", text)]


def _read_line(line, delimiter):
    if line.count('"') % 2:
        return [OpenQuote(line)]
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return [OpenQuote(line)]


def _decode(content):
    encodings = ["utf-8-sig", "gb18030"]
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileProblem(NOT_TEXT)


def _find_delimiter(text):
    top = "\n".join(text.split("\n", MAX_LINES_ABOVE_HEADER)[:MAX_LINES_ABOVE_HEADER])
    return max(",;\t", key=top.count)


# Columns


def find_header(rows):
    """Where the header is, and which column is what.

    :param rows: list of sequences of cells.
    :return: ``(index, columns, unknown)``: position of the header row, mapping of key to column
        position, titles that name nothing we know.
    :raise FileProblem: no row has a serial number and a product, or two columns are the same.
    """
    has_serial = False
    for index, cells in enumerate(rows[:MAX_LINES_ABOVE_HEADER]):
        columns, unknown, twice = _match_titles(cells)
        if "serial" not in columns:
            continue
        if columns.keys() & set(PRODUCT_KEYS):
            if twice:
                raise FileProblem(COLUMN_TWICE, twice)
            return index, columns, unknown
        has_serial = True
    raise FileProblem(NO_PRODUCT_COLUMN if has_serial else NO_HEADER)


def _match_titles(cells):
    columns, unknown, twice = {}, [], ""
    for position, cell in enumerate(cells):
        title = "" if cell is None else str(cell).strip()
        key = _KEY_OF_TITLE.get(_plain(title))
        if key in columns:
            twice = twice or title
        elif key:
            columns[key] = position
        elif title and _plain(title) not in _REPORT_TITLES:
            unknown.append(remove_guard(title))
    return columns, unknown, twice


def _plain(title):
    text = unicodedata.normalize("NFKC", remove_guard(title)).lower()
    text = re.sub(r"\([^()]*\)\s*$", "", text)
    return re.sub(r"[\s_\-*:./\ufeff]+", "", text)


# Cells


def read_cell(key, cell):
    """The value of a cell for a key of ``load_devices``.

    :return: text, a number for a key that is one; ``""`` for an empty cell.
    :raise FileProblem: the spreadsheet has spoilt what was typed in.
    """
    if cell is None:
        return ""
    if isinstance(cell, date):
        return _read_date_cell(key, cell)
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if abs(cell) >= 10**_SPREADSHEET_DIGITS:
            raise FileProblem(BECAME_NUMBER, str(cell))
        return _complete(key, str(cell))
    text = _ESCAPED.sub(_unescape, str(cell))
    text = remove_guard(trim_carrier(text) if key == "udi_carrier" else text.strip())
    if text in ERROR_VALUES:
        raise FileProblem(CELL_ERROR, text)
    if key not in DATE_KEYS and _SHORTENED.fullmatch(text):
        raise FileProblem(BECAME_NUMBER, text)
    return _complete(key, text)


def _read_date_cell(key, cell):
    if key not in DATE_KEYS:
        raise FileProblem(BECAME_DATE, str(cell)[:10])
    return (cell.date() if isinstance(cell, datetime) else cell).isoformat()


def _complete(key, text):
    if key in NUMBER_KEYS and text.isascii() and text.isdigit():
        return int(text)
    if key == "udi_di" and text.isascii() and text.isdigit() and len(text) in _GTIN_LENGTHS:
        # A spreadsheet drops the leading zero of a GTIN-14; a shorter GTIN is the same number.
        return text.zfill(14)
    return text


def _unescape(found):
    return chr(int(found[1], 16))


def show_cell(cell):
    """The text of a cell as it goes into the file of refused rows."""
    if cell is None:
        return ""
    if isinstance(cell, datetime) and cell.time() == cell.min.time():
        cell = cell.date()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell)


def add_guard(text):
    """The text with an apostrophe before it where a spreadsheet would take it for a formula."""
    text = str(text)
    return _GUARD + text if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def remove_guard(text):
    """The text without the apostrophe of :func:`add_guard`."""
    bare = text[1:]
    guarded = text.startswith(_GUARD) and bare.lstrip(" ").startswith(FORMULA_STARTS)
    return bare if guarded else text


DATE_KEYS = tuple(key for key in COLUMN_TITLES if key.endswith("_date"))
_KEY_OF_TITLE = {
    _plain(title): key for key, titles in COLUMN_TITLES.items() for title in (key, *titles)
}
_REPORT_TITLES = {_plain(title) for title in REPORT_TITLES}
