"""How personal and secret values look to whoever may not read them.

Pure functions from text to text; what is hidden cannot be computed back. A mask never fails: what
has no known form is hidden whole.
Rule: PIPL Art. 51; GB/T 37964-2019 (method), forms as Chinese public services print them.
"""

import re

HIDDEN = "******"
STARS = "****"

#: Weights and check characters of the 18-digit resident number (GB 11643-1999).
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECK_CHARACTERS = "10X98765432"

COMPOUND_SURNAMES = frozenset(
    [
        "欧阳",
        "太史",
        "端木",
        "上官",
        "司马",
        "东方",
        "独孤",
        "南宫",
        "万俟",
        "闻人",
        "夏侯",
        "诸葛",
        "尉迟",
        "公羊",
        "赫连",
        "澹台",
        "皇甫",
        "宗政",
        "濮阳",
        "公冶",
        "太叔",
        "申屠",
        "公孙",
        "慕容",
        "仲孙",
        "钟离",
        "长孙",
        "宇文",
        "司徒",
        "鲜于",
        "司空",
        "闾丘",
        "子车",
        "亓官",
        "司寇",
        "巫马",
        "公西",
        "颛孙",
        "壤驷",
        "公良",
        "漆雕",
        "乐正",
        "宰父",
        "谷梁",
        "拓跋",
        "夹谷",
        "轩辕",
        "令狐",
        "段干",
        "百里",
        "呼延",
        "东郭",
        "南门",
        "羊舌",
        "微生",
        "公户",
        "公玉",
        "公仪",
        "梁丘",
        "公仲",
        "公上",
        "公门",
        "公山",
        "公坚",
        "左丘",
        "公伯",
        "西门",
        "公祖",
        "第五",
        "公乘",
        "贯丘",
        "公皙",
        "南荣",
        "东里",
        "东宫",
        "仲长",
        "子书",
        "子桑",
        "即墨",
        "达奚",
        "褚师",
        "完颜",
        "纳兰",
        "叶赫",
        "那拉",
        "爱新",
        "觉罗",
        "富察",
        "钮祜",
        "章佳",
    ]
)

#: Surnames of more than nine tenths of all people in China, by the police's yearly list.
SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)

MOBILE = re.compile(r"(?<![\dA-Za-z])(?:\+?86[- ]?)?(1[3-9]\d)[- ]?\d{4}[- ]?(\d{4})(?!\d)")
LANDLINE = re.compile(
    r"(?<![\d-])(?<!\d )\(?(0\d{2,3})\)?[- ]?\d{3,4}[- ]?(\d{4})(?:[-转]\d{1,6})?(?!\d)"
)
RESIDENT_ID = re.compile(r"(?<!\d)\d{17}[\dXx](?![\dA-Za-z])")
BANK_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){14,18}(?!\d)")
EMAIL = re.compile(r"([A-Za-z0-9])[A-Za-z0-9._%+-]*@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
LABELLED_NAME = re.compile(
    r"(姓名|患者|病人|家属|联系人|投诉人)(\s*[:：]?\s*)([\u4e00-\u9fff]{2,4})(?![\u4e00-\u9fff])"
)
LABELLED_LATIN = re.compile(
    r"(?i:(patient|name|contact)\s*[:：]\s*)([A-Z][A-Za-z'-]+(?: [A-Z][A-Za-z'-]+){0,3})"
)
LABELLED_NUMBER = re.compile(
    r"(病历号|病案号|住院号|门诊号|就诊号|(?i:MRN))(\s*[:：#]?\s*)([A-Za-z0-9-]{4,30})"
)
LABELLED_ADDRESS = re.compile(r"(住址|家庭地址|地址)(\s*[:：]\s*)([^\s,，;；。]+)")
REGION = re.compile(
    r"^(?:[^\d\s省]{1,8}?(?:省|自治区|特别行政区))?"
    r"(?:[^\d\s市镇乡街路村号]{1,8}?(?:市|自治州|盟|地区))?"
    r"(?:[^\d\s镇乡街路村号弄巷]{1,8}?(?<!小)(?<!社)(?<!园)(?<!院)(?:区|县|旗|市))?"
)
_HAN = re.compile(r"[\u4e00-\u9fff]")


def mask_chinese_name(text):
    """张三 → 张*; 张小三 → 张*三; 欧阳小华 → 欧阳*华."""
    name = "".join(text.split())
    if "·" in name or "•" in name:
        return "·".join(part[:1] + "***" for part in re.split("[·•]", name) if part)
    surname = name[:2] if name[:2] in COMPOUND_SURNAMES and len(name) > 2 else name[:1]
    given = name[len(surname) :]
    if len(given) < 2:
        return surname + "*"
    return surname + "*" * (len(given) - 1) + given[-1]


def mask_latin_name(text):
    """John Smith → J*** S***."""
    return " ".join(part[0] + "***" for part in text.split())


def mask_name(text):
    """Whatever the script is."""
    return mask_chinese_name(text) if _HAN.search(text) else mask_latin_name(text)


def mask_mobile(text):
    """13812345678 → 138****5678."""
    if match := MOBILE.fullmatch(text.strip()):
        return f"{match[1]}****{match[2]}"
    return _mask_tail(text, 4)


def mask_landline(text):
    """010-12345678 → 010-****5678."""
    if match := LANDLINE.fullmatch(text.strip()):
        return f"{match[1]}-****{match[2]}"
    return _mask_tail(text, 4)


def mask_id_number(text):
    """11010519491231002X → 110***********002X; other papers keep the ends."""
    number = "".join(text.split())
    if len(number) in (15, 18) and number[:-1].isdigit():
        return number[:3] + "*" * (len(number) - 7) + number[-4:]
    if len(number) < 6:
        return HIDDEN
    return number[0] + "*" * (len(number) - 2) + number[-1]


def mask_record_number(text):
    """12345556789 → ****6789; the shorter the number, the less of it."""
    number = "".join(text.split())
    return _mask_tail(number, 4 if len(number) > 7 else 3)


def mask_address(text):
    """北京市海淀区中关村大街1号 → 北京市海淀区****."""
    region = REGION.match(text.strip())
    return (region[0] if region and len(region[0]) < len(text.strip()) else "") + STARS


def mask_email(text):
    """zhang@x.com → z***@x.com."""
    local, at, domain = text.strip().rpartition("@")
    return f"{local[0]}***@{domain}" if at and local and domain else HIDDEN


def mask_bank_card(text):
    """6222021234561234 → **** **** **** 1234."""
    return f"**** **** **** {re.sub(r'[^0-9]', '', text)[-4:]}"


def mask_birth_date(text):
    """1949-12-31 → 1949-**-**."""
    return f"{text[:4]}-**-**" if re.match(r"\d{4}\D", text) else HIDDEN


def mask_free_text(text):
    """Mask what has a known form or a label; everything else stays readable."""
    text = EMAIL.sub(r"\1***@\2", text)
    text = LABELLED_NUMBER.sub(lambda match: _labelled(match, mask_record_number), text)
    text = RESIDENT_ID.sub(lambda match: mask_id_number(match[0]), text)
    text = BANK_CARD.sub(_mask_if_card, text)
    text = LANDLINE.sub(r"\1-****\2", MOBILE.sub(r"\1****\2", text))
    text = LABELLED_ADDRESS.sub(lambda match: _labelled(match, mask_address), text)
    text = LABELLED_LATIN.sub(
        lambda match: match[0][: -len(match[2])] + mask_latin_name(match[2]), text
    )
    return LABELLED_NAME.sub(_mask_if_name, text)


def hide(_text):
    """Prices and technical secrets show nothing, not even their length."""
    return HIDDEN


def is_resident_id(text):
    """Whether an 18-digit resident number has the right check character."""
    if not RESIDENT_ID.fullmatch(text):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text, ID_WEIGHTS, strict=False))
    return ID_CHECK_CHARACTERS[total % 11] == text[-1].upper()


def is_bank_card(text):
    """Whether the digits satisfy Luhn's check."""
    digits = [int(digit) for digit in re.sub(r"[^0-9]", "", text)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return bool(digits) and (sum(digits[::-2]) + sum(doubled)) % 10 == 0


def _mask_if_card(match):
    return mask_bank_card(match[0]) if is_bank_card(match[0]) else match[0]


def _mask_if_name(match):
    """After a colon anything is a name; without one, what begins with a surname."""
    is_name = match[2].strip() or match[3][0] in SURNAMES or match[3][:2] in COMPOUND_SURNAMES
    return _labelled(match, mask_chinese_name) if is_name else match[0]


def _labelled(match, mask):
    return match[1] + match[2] + mask(match[3])


def _mask_tail(text, shown):
    text = text.strip()
    return STARS + text[-shown:] if len(text) >= 2 * shown else STARS


#: Kind of value -> its mask.
MASKS = {
    "cn_name": mask_name,
    "latin_name": mask_name,
    "mobile": mask_mobile,
    "landline": mask_landline,
    "id_number": mask_id_number,
    "medical_record_number": mask_record_number,
    "address": mask_address,
    "email": mask_email,
    "birth_date": mask_birth_date,
    "free_text": mask_free_text,
    "price": hide,
    "technical_secret": hide,
}
#: A mask is computed for lists; what is longer is masked up to here.
MAX_MASKED_CHARACTERS = 5000


def mask(kind, text):
    """The text that stands for a value of a kind.

    :raise KeyError: the kind is unknown.
    """
    if not text.strip():
        return ""
    if len(text) > MAX_MASKED_CHARACTERS:
        # Cut before the mask: a number that the cut halves is dropped with its last word.
        text = re.sub(r"[\w.@+-]*$", "", text[:MAX_MASKED_CHARACTERS]) + "…"
    return MASKS[kind](text)
