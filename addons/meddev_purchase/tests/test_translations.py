import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools.misc import file_path

#: Words of the glossary that stand in several addons.
WORDS = {
    "Dealer Assignment": "经销商授权",
    "MA (ZIIOT)": "MA（中关村工信二维码技术研究院）",
    "AHM": "AHM（阿里健康）",
}


@tagged("post_install", "-at_install")
class TestTranslations(TransactionCase):
    """The same thing has the same Chinese word on every screen."""

    def test_words_of_several_addons_are_one(self):
        wrong = [
            (addon, entry.msgid, entry.msgstr)
            for addon in ("meddev_base", "meddev_device", "meddev_purchase")
            for entry in polib.pofile(file_path(f"{addon}/i18n/zh_CN.po"))
            if entry.msgstr != WORDS.get(entry.msgid, entry.msgstr) or "医疗设备" in entry.msgstr
        ]
        self.assertFalse(wrong)

    def test_an_issuer_is_called_the_same_on_every_screen(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["ir.module.module"]._load_module_terms(
            ["meddev_device", "meddev_purchase"], ["zh_CN"]
        )
        labels = {
            (model, value): label
            for model, name in (
                ("meddev.udi.di", "issuer"),
                ("stock.lot", "udi_issuer"),
                ("meddev.incoming.inspection.line", "udi_issuer"),
            )
            for value, label in self.env[model]
            .with_context(lang="zh_CN")
            .fields_get([name])[name]["selection"]
        }
        for value, word in (("ma", WORDS["MA (ZIIOT)"]), ("ahm", WORDS["AHM"])):
            self.assertEqual({label for key, label in labels.items() if key[1] == value}, {word})
