import json

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
