"""Fixtures of meddev_base: one user per role, a hospital tree, a dealer, portal users.

``MeddevBaseCommon`` offers: ``users`` (role -> user), ``employee`` (no role), ``administrator``
(settings, no role), ``hospital``, ``campus``, ``department``, ``room``, ``other_hospital``,
``contact`` (of ``department``) with ``portal_hospital``, ``dealer`` with its contact
``dealer_contact`` and ``portal_dealer``; the dealer serves nothing yet.
"""

from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.base.tests.common import BaseCommon

ROLES = (
    "service_manager",
    "intake_agent",
    "dispatcher",
    "field_engineer",
    "parts_keeper",
    "quality_specialist",
    "knowledge_manager",
    "analyst",
    "compliance_auditor",
)


class MeddevBaseCommon(BaseCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Passwords over RPC, as demo logins have them; what strict sign-in changes has own tests.
        cls.env["meddev.role"]._set_strict_sign_in(False)
        cls.users = {
            role: new_test_user(cls.env, f"role_{role}", f"meddev_base.group_{role}")
            for role in ROLES
        }
        cls.employee = new_test_user(cls.env, "plain_employee", "base.group_user")
        cls.administrator = new_test_user(cls.env, "settings_admin", "base.group_system")
        cls.hospital = cls._create_partner("Pujiang Hospital", "hospital")
        cls.campus = cls._create_partner("East Campus", "campus", cls.hospital)
        cls.department = cls._create_partner("Radiology", "department", cls.campus)
        cls.room = cls._create_partner("CT Room 1", "room", cls.department)
        cls.other_hospital = cls._create_partner("Yanshan Hospital", "hospital")
        cls.contact = cls._create_partner("Liu Yang", parent=cls.department)
        cls.portal_hospital = cls._create_portal_user(cls.contact, "hospital")
        cls.dealer = cls.env["res.partner"].create(
            {"name": "Kangrui", "is_company": True, "is_dealer": True}
        )
        cls.dealer_contact = cls._create_partner("He Jing", parent=cls.dealer)
        cls.portal_dealer = cls._create_portal_user(cls.dealer_contact, "dealer")

    @classmethod
    def _create_partner(cls, name, level=False, parent=None, **vals):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "facility_level": level,
                "parent_id": parent.id if parent else False,
                **vals,
            }
        )

    @classmethod
    def _create_portal_user(cls, partner, kind):
        return (
            cls.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "partner_id": partner.id,
                    "login": f"portal_{kind}_{partner.id}",
                    "group_ids": [Command.set(cls.env.ref(f"meddev_base.group_portal_{kind}").ids)],
                }
            )
        )
