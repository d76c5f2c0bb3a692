from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from . import evidence
from .electronic_signature import VALID


class ElectronicSignatureMixin(models.AbstractModel):
    """Makes a record type signable. What a record type declares:

    ``_get_signature_transitions()``
        its steps that need signatures: ``{"approve": self.env._("Approval")}``. Who signs them is
        data: ``electronic.signature.requirement``, shipped by the record type's addon.
    ``_signed_fields``
        ``{version: names}``: the source fields that a signature covers, children as
        ``line_ids.name``, all attachments of the record as ``@attachments``. The last version is
        used for new signatures. Never change a published version: add one. An addon that adds
        fields extends ``_get_signed_fields()`` with a version of its own.
    ``_signed_states``
        ``{"state": {"done": "approve"}}``: values of a selection that are entered with the
        signatures of a step alone. Whoever writes them, and however, is refused without. What is
        signed never contains that field.
    ``_get_signature_performers()``
        who did the work, and so does not approve it.
    ``_get_open_signature_transitions()``
        which steps can be signed in the present state.
    ``_on_signed(transition, meaning)``
        what happens after a signature, for example the move itself once all are there.

    Its own method that makes the step calls ``self._ensure_signed("approve")`` first: its effects
    wait for the signatures too, and not the state alone.
    """

    _name = "electronic.signature.mixin"
    _description = "Signable Record"

    _signed_fields = {}
    _signed_states = None

    signature_ids = fields.One2many(
        "electronic.signature",
        "res_id",
        string="Signatures",
        domain=lambda self: [("res_model", "=", self._name)],
        readonly=True,
        copy=False,
        groups="audit_trail.group_auditor",
    )
    signature_status = fields.Json(
        string="Signatures and What Is Missing", compute="_compute_signature_status"
    )

    # Hooks

    @api.model
    def _get_signature_transitions(self):
        """Steps that need signatures: technical name and label in the reader's language."""
        raise NotImplementedError(f"{self._name} names no steps to sign")

    def _get_open_signature_transitions(self):
        """Names of the steps that this record may be signed for in its present state."""
        self.ensure_one()
        return list(self._get_signature_transitions())

    def _get_signature_performers(self):
        """Users who performed what is signed; asked when signing and when a step is made."""
        self.ensure_one()
        return self.create_uid

    def _get_signature_company(self):
        """The company whose auditors see the signature and whose requirements apply."""
        self.ensure_one()
        return self.company_id if "company_id" in self._fields else self.env["res.company"]

    def _on_signed(self, transition, meaning):
        """Called after each new signature, in its transaction, as the signer."""
        self.ensure_one()

    # Computes

    @api.depends_context("uid", "lang", "tz")
    def _compute_signature_status(self):
        for record in self:
            record.signature_status = record._origin and record._origin._describe_signatures()

    # Requirements

    def _get_signature_requirements(self, transition):
        self.ensure_one()
        company = self._get_signature_company()
        # sudo: the rule holds for everybody, also for who may not read it. What is archived holds
        # for nobody, whatever context a client sends.
        return (
            self.env["electronic.signature.requirement"]
            .sudo()
            .with_context(active_test=True)
            .search(
                [
                    ("model", "=", self._name),
                    ("transition", "=", transition),
                    ("company_id", "in", [False, company.id]),
                ]
            )
        )

    @api.model
    def _ensure_signature_transition(self, transition):
        known = self._get_signature_transitions()
        if not isinstance(transition, str) or transition not in known:
            raise UserError(
                self.env._(
                    "%(model)s has no step %(transition)s to sign. Its steps: %(known)s.",
                    model=self._description,
                    transition=str(transition)[:60],
                    known=", ".join(known),
                )
            )

    # The gate

    def is_signed_for(self, transition):
        """Whether every required signature for a step is there and valid, for all records."""
        self._ensure_signature_transition(transition)
        self.check_access("read")
        return all(
            requirements and not any(missing for _requirement, missing in requirements)
            for requirements in self._get_missing_signatures(transition).values()
        )

    def _ensure_signed(self, transition):
        """Refuse the step unless every required signature is there and valid at this moment."""
        self._ensure_signature_transition(transition)
        label = self._get_signature_transitions()[transition]
        for record, requirements in self._get_missing_signatures(transition).items():
            # sudo: the record's name, for who makes the step
            name = record.sudo().display_name
            if not requirements:
                raise UserError(
                    self.env._(
                        "%(record)s: nobody is named who signs %(step)s. An administrator adds the"
                        " required signatures first.",
                        record=name,
                        step=label,
                    )
                )
            if missing := [pair for pair in requirements if pair[1]]:
                raise UserError(
                    self.env._(
                        "%(record)s: %(step)s needs valid signatures that are missing:"
                        " %(missing)s.",
                        record=name,
                        step=label,
                        missing=", ".join(
                            f"{requirement._get_meaning_label()} ({count})"
                            for requirement, count in missing
                        ),
                    )
                )

    def _get_missing_signatures(self, transition):
        """``{record: [(requirement, number of people still missing)]}``."""
        signers = self._get_signers(transition)
        result = {}
        for record in self:
            requirements = record._get_signature_requirements(transition)
            result[record] = [
                (
                    requirement,
                    max(0, requirement.count - len(record._get_counted(requirement, signers))),
                )
                for requirement in requirements
            ]
        return result

    def _get_counted(self, requirement, signers):
        """Ids of the people whose valid signature counts for one requirement of this record.

        Their groups were asked for when they signed, and are not asked for again: a meaning is
        required once per step, and who loses a role later has signed all the same.
        """
        self.ensure_one()
        by_meaning = signers.get(self.id, {})
        people = set(by_meaning.get(requirement.meaning, ()))
        if requirement._excludes_performers():
            people -= set(self.sudo()._get_signature_performers()._ids)  # sudo: rule for everybody
        if requirement.differs_from_others:
            for meaning, others in by_meaning.items():
                if meaning != requirement.meaning:
                    people -= set(others)
        return people

    def _get_signers(self, transition):
        """``{record id: {meaning: [user ids]}}`` of the signatures that are valid now."""
        rows = evidence.read(
            self.env,
            evidence.SIGNATURE_TABLE,
            SQL(
                "res_model = %s AND res_id = ANY(%s) AND transition = %s",
                self._name,
                list(self._ids),
                transition,
            ),
        )
        # sudo: validity is a fact, whoever asks
        signatures = self.env["electronic.signature"].sudo()
        verdicts = signatures.browse([row["id"] for row in rows])._get_verdicts()
        signers = {}
        for row in rows:
            if verdicts[row["id"]] == VALID:
                by_meaning = signers.setdefault(row["res_id"], {})
                by_meaning.setdefault(row["meaning"], []).append(row["user_id"])
        return signers

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signed(self):
        rows = evidence.read(
            self.env,
            evidence.SIGNATURE_TABLE,
            SQL("res_model = %s AND res_id = ANY(%s)", self._name, list(self._ids)),
        )
        if rows:
            raise UserError(
                self.env._(
                    "%s was signed and stays, even where a signature is void. Cancel or archive"
                    " it instead.",
                    rows[0]["res_name"],
                )
            )
