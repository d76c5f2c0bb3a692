import inspect
import math
import xmlrpc.client
from datetime import date, datetime
from itertools import product

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.meddev_device.tools.text import shorten

from .common import DeviceCase

OURS = "odoo.addons.meddev_device."
JUNK = [
    None,
    False,
    True,
    0,
    -1,
    7,
    1.5,
    math.nan,
    math.inf,
    2**31,
    10**30,
    10**5000,
    "",
    "   ",
    "x\x00y",
    "\ud800",
    "a" * 100_000,
    "2026-02-30",
    "0001-01-01T00:00:00+14:00",
    b"bytes",
    b"\xff\x00",
    [],
    [1],
    ["a", None],
    [[]],
    {},
    {"a": 1},
    {None: 1},
    [{}],
    [{"serial": []}],
    (1, 2),
    date(1, 1, 1),
    datetime(9999, 12, 31, 23, 59, 59),
    xmlrpc.client.Binary(b"\x00\xff"),
]
#: Words that lead past the first checks, so that junk in the other arguments is met.
SENSIBLE = {
    "state": "quarantined",
    "reason": "test",
    "text": "test",
    "occurred_at": "2026-01-01",
    "moment": "2026-01-01",
    "rows": [{"serial": "J-1", "product": "Test Monitor"}],
    "carrier": "(01)06901234567892(21)J-1",
}


@tagged("post_install", "-at_install")
class TestJunkArguments(DeviceCase):
    """Every public method of this addon answers junk with a sentence, or with an answer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Whoever may do everything meets every check behind the first.
        cls.user = cls.users["manager"]
        cls.user.group_ids |= cls.env.ref("meddev_base.group_quality_specialist")
        lots = cls.env["stock.lot"]
        cls.device, cls.other = lots.create(
            [
                {"name": name, "product_id": cls.monitor.id, "origin": "legacy"}
                for name in ("JUNK-1", "JUNK-2")
            ]
        )
        cls.batch = lots.create({"name": "JUNK-B", "product_id": cls.reagent.id})
        cls.note_id = cls.device.log_note("a note")[0]
        cls.env["meddev.device.import"].create({})
        cls.env["meddev.registration"].create({"number": "国械注准20203070991"})
        cls.env["meddev.device.component"].create(
            {"lot_id": cls.device.id, "product_id": cls.cable.id, "serial": "C-1"}
        )
        cls.env["meddev.serial.resolve"].create({"lot_id": cls.device.id, "note": "test"})
        cls.env["meddev.device.transition"].create(
            {"lot_ids": cls.device.ids, "state": "quarantined", "reason": "test"}
        )

    def _find_public_methods(self):
        """(model, name, parameters) of the methods that this addon brings and clients call."""
        for model_name, model_class in self.env.registry.models.items():
            for name in dir(model_class):
                method = inspect.getattr_static(model_class, name)
                if name.startswith("_") or not inspect.isfunction(method):
                    continue
                first = next(c for c in reversed(model_class.__mro__) if name in vars(c))
                if first.__module__.startswith(OURS) and not getattr(method, "_api_private", False):
                    yield model_name, name, list(inspect.signature(method).parameters)[1:]

    def _get_receivers(self, model_name):
        """Records that the methods are called on: none, one and several of each kind."""
        model = self.env[model_name]
        if model_name == "stock.lot":
            gone = model.browse(2**31 - 1)
            records = [self.device, self.batch, self.device | self.other, gone]
        elif model_name == "meddev.device.event":
            records = [self.device.event_ids[:1], self.device.event_ids]
        elif model._auto:
            records = [model.search([], limit=1)]
        else:
            records = []
        return [record.with_user(self.user) for record in [*records, model.browse()]]

    def _call(self, records, name, arguments):
        """What went wrong in the call: False after an answer or a sentence of refusal."""
        try:
            with self.env.cr.savepoint():
                getattr(records, name)(*arguments)
                self.env.flush_all()
        except (UserError, ValidationError, AccessError) as error:
            return not str(error).strip() and f"{shorten(arguments)}: an empty sentence"
        except Exception as error:
            return f"{shorten(arguments)}: {error!r}"
        finally:
            self.env.invalidate_all()
        return False

    def test_public_methods_are_found(self):
        found = {(model, name) for model, name, _parameters in self._find_public_methods()}
        for known in (
            ("stock.lot", "device_at"),
            ("stock.lot", "load_devices"),
            ("meddev.udi", "parse"),
            ("meddev.registration", "action_renew"),
        ):
            self.assertIn(known, found)
        self.assertNotIn(("stock.lot", "write"), found)

    @mute_logger("odoo.sql_db")
    def test_junk_ends_in_a_sentence(self):
        """Given junk in one argument or in all, no method ends in an error of Python or SQL."""
        for model_name, name, parameters in self._find_public_methods():
            calls = self._prepare_calls(parameters)
            for records in self._get_receivers(model_name):
                with self.subTest(method=f"{model_name}.{name}", on=records):
                    problems = [self._call(records, name, call) for call in calls]
                    self.assertEqual([problem for problem in problems if problem], [])

    def _prepare_calls(self, parameters):
        """Lists of arguments: junk everywhere, and junk in one place among sensible ones."""
        if not parameters:
            return [[]]
        calls = [[junk] * len(parameters) for junk in JUNK]
        sensible = SENSIBLE | {"event_id": self.note_id}
        for junk, place in product(JUNK, range(len(parameters))):
            call = [sensible.get(parameter, "test") for parameter in parameters]
            call[place] = junk
            calls.append(call)
        return calls
