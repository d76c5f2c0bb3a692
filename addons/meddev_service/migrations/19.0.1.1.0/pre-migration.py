"""Tickets have a policy and a due time; those that are there keep none until something happens.

Columns that exist are not computed: a million tickets would be read for nothing.
"""


def migrate(cr, _version):
    cr.execute(
        """
        ALTER TABLE helpdesk_ticket ADD COLUMN IF NOT EXISTS sla_policy_id int4;
        ALTER TABLE helpdesk_ticket ADD COLUMN IF NOT EXISTS sla_reasons jsonb;
        ALTER TABLE helpdesk_ticket ADD COLUMN IF NOT EXISTS sla_due_at timestamp
        """
    )
