"""Every reminder that we shipped says what it rests on; what a person wrote stays.

Before, two named the regulations in short and three named nothing.
"""

SHORT = "Regulations 739 Art. 22"
FULL = "State Council Order No. 739 (2021) Art. 22"
OWN = "Company procedure"
STEPS = tuple(f"registration_reminder_step_{days}" for days in (365, 90, 30))


def migrate(cr, version):
    if not version:
        return
    cr.execute(
        """
        UPDATE meddev_registration_reminder_step
           SET source = source || jsonb_build_object('en_US', %s::text)
         WHERE source ->> 'en_US' = %s
        """,
        [FULL, SHORT],
    )
    cr.execute(
        """
        UPDATE meddev_registration_reminder_step step
           SET source = jsonb_build_object('en_US', %s::text)
          FROM ir_model_data data
         WHERE data.module = 'meddev_device' AND data.name IN %s AND data.res_id = step.id
               AND data.model = 'meddev.registration.reminder.step'
               AND COALESCE(step.source ->> 'en_US', '') = ''
        """,
        [OWN, STEPS],
    )
