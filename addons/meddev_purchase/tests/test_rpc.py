import json
from xmlrpc.client import Fault

from odoo.tests import HttpCase, tagged

from .common import PurchaseCommon


@tagged("post_install", "-at_install")
class TestRpc(PurchaseCommon, HttpCase):
    """What a client outside may call, as a client outside calls it."""

    def _call(self, login, model, method, args, kwargs=None):
        self.authenticate(login, login)
        answer = self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            data=json.dumps(
                {
                    "jsonrpc": "2.0",
                    "method": "call",
                    "params": {
                        "model": model,
                        "method": method,
                        "args": args,
                        "kwargs": kwargs or {},
                    },
                }
            ),
            headers={"Content-Type": "application/json"},
        ).json()
        return answer.get("result"), answer.get("error", {}).get("data", {})

    def test_inspection_over_rpc(self):
        picking = self._order((self.monitor, 2)).picking_ids
        model = "meddev.incoming.inspection"
        inspection_id, error = self._call("mp_parts", model, "create", [{"picking_id": picking.id}])
        self.assertFalse(error)
        text = f"01{self.monitor.udi_di_ids.di}10B1\x1d21RPC-1\nRPC-2"
        answer, error = self._call("mp_parts", model, "capture", [[inspection_id], text])
        self.assertFalse(error)
        self.assertEqual(answer["captured"], 2)
        result, error = self._call("mp_parts", model, "action_confirm", [[inspection_id]])
        self.assertFalse(error)
        self.assertTrue(result)
        self.assertEqual(picking.state, "done")

    def test_next_lower_role_is_refused_over_rpc(self):
        picking = self._order((self.monitor, 1)).picking_ids
        inspection = self._inspection(picking)
        inspection.capture(self._carrier("RPC-3"))
        for login in ("mp_engineer", "mp_stocker", "mp_quality"):
            for method, args in (
                ("action_confirm", []),
                ("capture", ["X"]),
                ("write", [{"note": "x"}]),
            ):
                _result, error = self._call(
                    login, inspection._name, method, [inspection.ids, *args]
                )
                self.assertIn("AccessError", error["name"], f"{login} {method}")
        _result, error = self._call(
            "mp_parts",
            "meddev.incoming.inspection.line",
            "decide",
            [inspection.line_ids.ids, "released", "I say so"],
        )
        self.assertIn("AccessError", error["name"])

    def test_core_validate_over_rpc_is_refused(self):
        picking = self._order((self.monitor, 1)).picking_ids
        picking.move_ids.move_line_ids.lot_name = "RPC-4"
        _result, error = self._call(
            "mp_stocker",
            "stock.picking",
            "button_validate",
            [picking.ids],
            {"context": {"meddev_purchase_own_write": True, "skip_backorder": True}},
        )
        self.assertIn("RedirectWarning", error["name"])

    def test_private_doors_are_closed(self):
        inspection = self._inspection(self._order((self.monitor, 1)).picking_ids)
        for method in ("_finish", "_assign_lots", "_record_origin"):
            _result, error = self._call("mp_parts", inspection._name, method, [inspection.ids])
            self.assertTrue(error)

    def test_missing_reason_is_explained_and_given_over_json2(self):
        """Given a warning, JSON-2 answers 422 with method and argument, then takes the reason."""
        order = self._order((self.monitor, 1), partner=self.distributor, confirm=False)
        refusal = self._json2("button_confirm", order)
        self.assertEqual(refusal.status_code, 422)
        self.assertEqual(refusal.json()["name"], "odoo.exceptions.UserError")
        self.assertIn("allow_papers(reason)", refusal.json()["message"])
        self.assertEqual(order.state, "draft")
        self.assertEqual(self._json2("allow_papers", order, reason=["x"]).status_code, 422)
        answer = self._json2("allow_papers", order, reason="Tender, delivery tomorrow")
        waiver = self.env["meddev.paper.waiver"].browse(answer.json())
        self.assertRecordValues(
            waiver,
            [{"user_id": self.buyer.id, "reason": "Tender, delivery tomorrow", "mode": "warned"}],
        )
        self.assertEqual(self._json2("button_confirm", order).json(), True)
        self.assertEqual(order.state, "purchase")

    def test_missing_reason_is_explained_over_xmlrpc(self):
        order = self._order((self.monitor, 1), partner=self.distributor, confirm=False)
        arguments = [self.env.cr.dbname, self.buyer.id, self.buyer.login, order._name]
        self.env.flush_all()
        with self.assertRaisesRegex(Fault, r"(?s)Distribution Licence.*allow_papers\(reason\)"):
            self.xmlrpc_object.execute_kw(*arguments, "button_confirm", [order.ids])
        self.xmlrpc_object.execute_kw(*arguments, "allow_papers", [order.ids, "Tender"])
        self.assertTrue(self.xmlrpc_object.execute_kw(*arguments, "button_confirm", [order.ids]))
        self.env.invalidate_all()
        self.assertEqual(order.state, "purchase")

    def _json2(self, method, records, **body):
        keys = self.env["res.users.apikeys"].with_user(self.buyer).sudo()
        key = keys._generate("rpc", "test", None)
        self.env.flush_all()
        response = self.url_open(
            f"/json/2/{records._name}/{method}",
            data=json.dumps({"ids": records.ids, **body}),
            headers={"Authorization": f"bearer {key}", "Content-Type": "application/json"},
        )
        self.env.invalidate_all()
        return response
