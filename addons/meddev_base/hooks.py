"""Installation on a database that already has many partners."""

PARTNER_COLUMNS = (
    ("facility_id", "int4"),
    ("facility_path", "varchar"),
)


def pre_init_hook(env):
    """Add the computed columns by SQL, so that no existing partner is recomputed.

    Before the installation no partner is a facility: empty is the right value for all of them.
    """
    for name, column_type in PARTNER_COLUMNS:
        env.cr.execute(f"ALTER TABLE res_partner ADD COLUMN IF NOT EXISTS {name} {column_type}")
    env.cr.execute(
        """
        CREATE TABLE IF NOT EXISTS meddev_facility_ancestor_rel (
            partner_id int4 NOT NULL REFERENCES res_partner ON DELETE CASCADE,
            facility_id int4 NOT NULL REFERENCES res_partner ON DELETE CASCADE,
            PRIMARY KEY (partner_id, facility_id)
        );
        CREATE INDEX IF NOT EXISTS meddev_facility_ancestor_rel_facility_id_partner_id_idx
            ON meddev_facility_ancestor_rel (facility_id, partner_id)
        """
    )
