from odoo import api, models
from odoo.exceptions import AccessError, LockError, UserError
from odoo.tools import SQL

from odoo.addons.audit_trail.models.announcement import describe
from odoo.addons.audit_trail.models.events import log_event

from ..tools import canonical
from . import credentials as credentials_check
from . import evidence
from .audit_trail_entry import KIND_SIGNATURE_REFUSED, KIND_SIGNED
from .electronic_signature import VALID
from .electronic_signature_requirement import MEANINGS

MAX_REASON = 500


class ElectronicSignatureMixin(models.AbstractModel):
    """Signing: at the screen by the dialogue, over the API by ``sign``."""

    _inherit = "electronic.signature.mixin"

    def action_sign(self, transition, meaning):
        """Open the dialogue that shows what is signed and asks for the credentials."""
        record = self._ensure_one_to_sign()
        record._ensure_can_sign(transition, meaning)
        # sudo: a row of the dialogue for the signer, who was checked above
        wizard = (
            self.env["electronic.signature.sign"]
            .sudo()
            .create(
                {
                    "res_model": record._name,
                    "res_id": record.id,
                    "transition": transition,
                    "meaning": meaning,
                }
            )
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Sign"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    def sign(self, transition, meaning, credentials, reason=None):
        """Sign this record as the present user, with credentials given for this signature.

        :param transition: name of the step that is signed.
        :param meaning: ``author``, ``reviewer``, ``approver`` or ``responsible``.
        :param credentials: ``{"type": "password", "password": "…"}``, with ``"code"`` where the
            user has a second factor. An API key is no password.
        :param reason: a comment that is kept with the signature.
        :return: dictionary ``id``, ``user_name``, ``meaning``, ``signed_at`` (UTC, to the
            microsecond), ``digest`` of the content. Who has signed this step with this meaning
            already gets that signature again.
        :raise UserError: not allowed, not accepted, or somebody else works on the record.
        """
        record = self._ensure_one_to_sign()
        record._ensure_can_sign(transition, meaning)
        reason = record._check_signature_reason(reason)
        record._take_turn_to_sign()
        record._ensure_can_sign(transition, meaning)
        methods = credentials_check.check(
            self.env, credentials, record, {"transition": transition, "meaning": meaning}
        )
        row = record._find_own_signature(transition, meaning)
        if not row:
            row = _append_signature(record, transition, meaning, methods, reason)
            record._on_signed(transition, meaning)
        return {
            "id": row["id"],
            "user_name": row["user_name"],
            "meaning": row["meaning"],
            "signed_at": row["signed_at"].isoformat(timespec="microseconds") + "Z",
            "digest": row["content_digest"],
        }

    # Guards

    def _ensure_one_to_sign(self):
        """The record, as the person and never as the superuser mode of a caller."""
        if len(self) != 1 or not self.id or not isinstance(self.id, int):
            raise UserError(self.env._("Sign one saved record at a time."))
        record = self.sudo(False)
        if not record.exists():
            raise UserError(self.env._("This record does not exist any more."))
        record.check_access("read")
        return record

    def _ensure_can_sign(self, transition, meaning):
        self._ensure_signature_transition(transition)
        meanings = dict(MEANINGS)
        if not isinstance(meaning, str) or meaning not in meanings:
            raise UserError(
                self.env._(
                    "%(meaning)s is no meaning of a signature. There are: %(known)s.",
                    meaning=str(meaning)[:60],
                    known=", ".join(meanings),
                )
            )
        if refusal := self._get_signature_refusal(transition, meaning):
            log_event(
                self.env,
                KIND_SIGNATURE_REFUSED,
                self,
                details={"transition": transition, "meaning": meaning, "cause": "not allowed"},
                own_transaction=True,
            )
            raise AccessError(refusal)

    def _get_signature_refusal(self, transition, meaning):
        """Why the present user may not sign, in words; None if they may."""
        self.ensure_one()
        user = self.env.user
        if not user._is_internal() or not user.active or user._is_superuser():
            return self.env._("Only employees with a login of their own sign.")
        if transition not in self._get_open_signature_transitions():
            return self.env._("%s is not signed in its present state.", self.display_name)
        requirements = self._get_signature_requirements(transition)
        asked = requirements.filtered(lambda requirement: requirement.meaning == meaning)
        if not asked:
            return self.env._("%s: no signature with this meaning is asked for.", self.display_name)
        allowed = asked.filtered(lambda requirement: requirement._may_be_signed_by(user))
        if not allowed:
            return self.env._(
                "%(record)s: this signature is for %(groups)s.",
                record=self.display_name,
                groups=", ".join(asked.group_ids.mapped("full_name")),
            )
        performers = self.sudo()._get_signature_performers()  # sudo: the rule holds for everybody
        if user in performers and all(one._excludes_performers() for one in allowed):
            return self.env._(
                "%s: who did the work does not sign it with this meaning; another person does.",
                self.display_name,
            )
        return self._get_double_refusal(transition, meaning, requirements)

    def _get_double_refusal(self, transition, meaning, requirements):
        """Two signatures that must be of different people are not both of one."""
        signers = self._get_signers(transition).get(self.id, {})
        mine = {name for name, ids in signers.items() if self.env.uid in ids} - {meaning}
        involved = requirements.filtered(lambda one: one.meaning in mine | {meaning})
        if mine and any(involved.mapped("differs_from_others")):
            return self.env._(
                "%s: you signed this step already, with another meaning; another person signs.",
                self.display_name,
            )
        return None

    def _check_signature_reason(self, reason):
        if reason in (None, False, ""):
            return None
        if not isinstance(reason, str) or len(reason) > MAX_REASON or "\0" in reason:
            raise UserError(
                self.env._("The comment is a text of at most %s characters.", MAX_REASON)
            )
        return reason.strip() or None

    def _take_turn_to_sign(self):
        """One after the other: what is signed is what is there, and stays until it is signed."""
        self.env.flush_all()
        evidence.take_turn(self.env, self._name, self.id)
        try:
            # sudo: a reviewer need not be able to write what they sign
            self.sudo().lock_for_update(allow_referencing=True)
        except LockError as error:
            raise UserError(
                self.env._(
                    "%s is being changed at this moment. Look at it again, then sign.",
                    self.display_name,
                )
            ) from error

    def _find_own_signature(self, transition, meaning):
        """The row of the present user's valid signature, if there is one already."""
        rows = evidence.read(
            self.env,
            evidence.SIGNATURE_TABLE,
            SQL(
                "res_model = %s AND res_id = %s AND transition = %s AND meaning = %s"
                " AND user_id = %s",
                self._name,
                self.id,
                transition,
                meaning,
                self.env.uid,
            ),
        )
        # sudo: validity is a fact, whoever asks
        signatures = self.env["electronic.signature"].sudo()
        verdicts = signatures.browse([row["id"] for row in rows])._get_verdicts()
        return next((row for row in rows if verdicts[row["id"]] == VALID), None)

    # Showing

    def _describe_signatures(self):
        """Signatures and what is missing, in the reader's words, for the form and for prints.

        Whoever may read the record may know who signed it.
        """
        self.ensure_one()
        self.check_access("read")
        # sudo: see above; validity and names are the same for every reader
        signatures = (
            self.env["electronic.signature"]
            .sudo()
            .search([("res_model", "=", self._name), ("res_id", "=", self.id)], order="id")
        )
        return {
            "signatures": signatures._describe(),
            "steps": [
                self._describe_step(transition, label)
                for transition, label in self._get_signature_transitions().items()
            ],
        }

    def _describe_step(self, transition, label):
        missing = self._get_missing_signatures(transition)[self]
        signers = self._get_signers(transition).get(self.id, {})
        return {
            "transition": transition,
            "label": label,
            "is_signed": bool(missing) and not any(count for _requirement, count in missing),
            "requirements": [
                {
                    "meaning": requirement.meaning,
                    "meaning_label": requirement._get_meaning_label(),
                    "missing": count,
                    "count": requirement.count,
                    "groups": ", ".join(requirement.group_ids.mapped("full_name")),
                    "can_sign": bool(count)
                    and self.env.uid not in signers.get(requirement.meaning, ())
                    and not self._get_signature_refusal(transition, requirement.meaning),
                }
                for requirement, count in missing
            ],
        }

    def _get_signature_block(self, transition=None):
        """What every print shows: a list of dictionaries, oldest signature first."""
        self.ensure_one()
        return [
            line
            for line in self._describe_signatures()["signatures"]
            if transition is None or line["transition"] == transition
        ]

    # Voiding

    @api.model
    def _void_changed(self, touched, cause):
        """Append a void event to each signature whose record's content is not what was signed.

        :param touched: ``{record id: user id}`` of records to look at, and who touched them.
        :return: ids of the signatures that are void from now on.
        """
        rows = evidence.read(
            self.env,
            evidence.SIGNATURE_TABLE,
            SQL("res_model = %s AND res_id = ANY(%s)", self._name, list(touched)),
        )
        if not rows:
            return []
        return self.env["electronic.signature"]._void_rows(rows, touched, cause)


def _append_signature(record, transition, meaning, methods, reason):
    """The one place where a signature begins to exist; only after fresh credentials."""
    env = record.env
    user = env.user
    version = record._get_signed_version()
    content = record._get_signed_content(version)[record.id]
    context = describe(env)
    row = evidence.append(
        env,
        evidence.SIGNATURE_TABLE,
        {
            "res_model": record._name,
            "res_id": record.id,
            "res_name": record.sudo().display_name,  # sudo: the name at the time
            "company_id": record.sudo()._get_signature_company().id or None,  # sudo: as above
            "transition": transition,
            "meaning": meaning,
            "user_id": user.id,
            "user_login": user.login,
            "user_name": user.name,
            "timezone": user.tz or "UTC",
            "methods": ",".join(methods),
            "channel": context.get("channel"),
            "address": context.get("address"),
            "session": context.get("session"),
            "reason": reason,
            "content_digest": canonical.content_digest(version, content),
            "content_marks": record._get_marks(content, evidence.current_marks_key(env)),
        },
        "signed_at",
    )
    log_event(
        env,
        KIND_SIGNED,
        record,
        details={
            "signature": row["id"],
            "transition": transition,
            "meaning": meaning,
            "content": row["content_digest"],
            "digest": row["digest"],
        },
        reason=reason,
    )
    record.invalidate_recordset(["signature_ids", "signature_status"], flush=False)
    return row
