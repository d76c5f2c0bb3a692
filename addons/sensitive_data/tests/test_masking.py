import random

from odoo.tests import BaseCase

from ..tools import masking
from ..tools.normalisation import normalise

#: The examples of the procedure, and the edges beside them.
EXAMPLES = [
    ("cn_name", "张三", "张*"),
    ("cn_name", "张小三", "张*三"),
    ("cn_name", "欧阳小华", "欧阳*华"),
    ("cn_name", "欧阳华", "欧阳*"),
    ("cn_name", "诸葛孔明亮", "诸葛**亮"),
    ("cn_name", "阿依古丽", "阿**丽"),
    ("cn_name", "买买提·艾山", "买***·艾***"),
    ("cn_name", "John Smith", "J*** S***"),
    ("latin_name", "John Smith", "J*** S***"),
    ("latin_name", "张小三", "张*三"),
    ("mobile", "13812345678", "138****5678"),
    ("mobile", "+86 138-1234-5678", "138****5678"),
    ("mobile", "+44 7911 123456", "****3456"),
    ("mobile", "12345", "****"),
    ("landline", "010-12345678", "010-****5678"),
    ("landline", "07551234567", "0755-****4567"),
    ("landline", "(021) 6234 5678", "021-****5678"),
    ("landline", "010-12345678-802", "010-****5678"),
    ("id_number", "11010519491231002X", "110***********002X"),
    ("id_number", "110105491231002", "110********1002"),
    ("id_number", "E12345678", "E*******8"),
    ("id_number", "123", "******"),
    ("medical_record_number", "00123456789", "****6789"),
    ("medical_record_number", "123456", "****456"),
    ("medical_record_number", "123", "****"),
    ("address", "北京市海淀区中关村大街1号", "北京市海淀区****"),
    ("address", "广东省深圳市南山区科技园路2号", "广东省深圳市南山区****"),
    ("address", "内蒙古自治区赤峰市宁城县天义镇3号", "内蒙古自治区赤峰市宁城县****"),
    ("address", "广东省东莞市长安镇幸福小区5栋", "广东省东莞市****"),
    ("address", "12 High Street, London", "****"),
    ("email", "zhang.san@x.com", "z***@x.com"),
    ("email", "no address", "******"),
    ("birth_date", "1949-12-31", "1949-**-**"),
    ("birth_date", "unknown", "******"),
    ("price", "1234.5", "******"),
    ("technical_secret", "key=42", "******"),
]
FREE_TEXTS = [
    ("致电13812345678后", "致电138****5678后"),
    ("电话010-12345678转", "电话010-****5678转"),
    ("身份证11010519491231002X", "身份证110***********002X"),
    ("写信 zhang@x.com 。", "写信 z***@x.com 。"),
    ("卡 6222 0212 3456 1236 用", "卡 **** **** **** 1236 用"),
    ("姓名：张小三，女", "姓名：张*三，女"),
    ("患者欧阳小华，跌倒", "患者欧阳*华，跌倒"),
    ("住院号：00123456789", "住院号：****6789"),
    ("Patient: John Smith fell", "Patient: J*** S*** fell"),
    ("地址：北京市海淀区中关村大街1号，到访", "地址：北京市海淀区****，到访"),
    ("患者已转院", "患者已转院"),
    ("患者王小明", "患者王*明"),
    ("SN 20240101000001, error 13", "SN 20240101000001, error 13"),
]


class TestMasking(BaseCase):
    def test_every_example_of_the_procedure(self):
        """Given a value of each kind, then exactly the printed form."""
        for kind, value, expected in EXAMPLES:
            with self.subTest(kind=kind, value=value):
                self.assertEqual(masking.mask(kind, value), expected)

    def test_free_text_goes_through_the_patterns(self):
        for value, expected in FREE_TEXTS:
            with self.subTest(value=value):
                self.assertEqual(masking.mask("free_text", value), expected)

    def test_bank_card(self):
        self.assertEqual(masking.mask_bank_card("6222021234561236"), "**** **** **** 1236")
        self.assertTrue(masking.is_bank_card("6222021234561236"))
        self.assertFalse(masking.is_bank_card("6222021234561234"))

    def test_check_character_of_resident_numbers(self):
        """Rule: GB 11643-1999; the example of domain knowledge and its neighbours."""
        self.assertTrue(masking.is_resident_id("11010519491231002X"))
        for wrong in ("110105194912310020", "11010519491231002", "11010519491231012X"):
            self.assertFalse(masking.is_resident_id(wrong), wrong)

    def test_random_values_never_show_their_middle(self):
        """Given random numbers, then what the mask hides is nowhere in it."""
        generator = random.Random(7)
        for _round in range(500):
            mobile = "13" + "".join(generator.choices("0123456789", k=9))
            self.assertNotIn(mobile[3:7] + mobile[7], masking.mask("mobile", mobile))
            self.assertEqual(len(masking.mask("mobile", mobile)), 11)
            text = f"x {mobile} y"
            self.assertNotIn(mobile, masking.mask("free_text", text))

    def test_long_texts_are_cut_before_they_are_masked(self):
        """Given a number across the cut, then no half of it is shown."""
        text = "测" * (masking.MAX_MASKED_CHARACTERS - 6) + "13812345678"
        self.assertNotIn("13812", masking.mask("free_text", text))
        self.assertEqual(masking.mask("free_text", "  "), "")

    def test_one_writing_for_one_value(self):
        self.assertEqual(normalise("mobile", "+86 138-1234-5678"), "13812345678")
        self.assertEqual(normalise("id_number", "11010519491231002X "), "11010519491231002x")
        self.assertEqual(normalise("cn_name", " Ｊohn   SMITH"), "john smith")
