"""What the built-in IMDRF extract was compared with is said in the source of its release: those
records are not updated by the addon's data. A source that somebody wrote stays."""

SHIPPED = "Built-in extract; complete it with the official file"
SOURCE = (
    "Built-in extract: codes, terms and FDA codes agree with the files of release 2025; load the"
    " official file for the rest"
)


def migrate(cr, version):
    cr.execute(
        """
        UPDATE meddev_code_release SET source = %s
         WHERE source = %s AND name = '2025' AND id IN (
               SELECT res_id FROM ir_model_data
                WHERE module = 'meddev_base' AND name LIKE 'code_release_imdrf_%%'
         )
        """,
        [SOURCE, SHIPPED],
    )
