-- Evidence tables of signatures. No foreign key points in or out: nothing may block a write, null
-- a value or delete a row here.
CREATE TABLE IF NOT EXISTS electronic_signature (
    id bigserial PRIMARY KEY,
    res_model text NOT NULL,
    res_id bigint NOT NULL,
    res_name text,
    company_id integer,
    transition text NOT NULL,
    meaning text NOT NULL,
    user_id integer NOT NULL,
    user_login text NOT NULL,
    user_name text NOT NULL,
    signed_at timestamp(6) NOT NULL,
    timezone text NOT NULL,
    methods text NOT NULL,
    channel text,
    address text,
    session text,
    reason text,
    content_digest text NOT NULL,
    content_marks jsonb NOT NULL,
    digest text NOT NULL
);
CREATE INDEX IF NOT EXISTS electronic_signature_record_index
    ON electronic_signature (res_model, res_id, id);
CREATE INDEX IF NOT EXISTS electronic_signature_user_index
    ON electronic_signature (user_id, id);

CREATE TABLE IF NOT EXISTS electronic_signature_void (
    id bigserial PRIMARY KEY,
    signature_id bigint NOT NULL,
    company_id integer,
    voided_at timestamp(6) NOT NULL,
    user_id integer,
    user_name text,
    cause text NOT NULL,
    field_names jsonb NOT NULL,
    content_digest text,
    channel text,
    digest text NOT NULL
);
CREATE INDEX IF NOT EXISTS electronic_signature_void_signature_index
    ON electronic_signature_void (signature_id);

-- No evidence: who signs a record takes its turn here, so that two at once are told apart.
CREATE TABLE IF NOT EXISTS electronic_signature_turn (
    res_model text NOT NULL,
    res_id bigint NOT NULL,
    turn bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (res_model, res_id)
);

-- Triggers that the evidence tables need; only what is missing or switched off is made again.
CREATE OR REPLACE FUNCTION electronic_signature_protect() RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    wanted record;
    repaired text[] := '{}';
BEGIN
    FOR wanted IN
        SELECT evidence.name AS table_name, kind.*
          FROM unnest(ARRAY['electronic_signature', 'electronic_signature_void'])
               AS evidence(name)
         CROSS JOIN (VALUES
               ('audit_trail_refuse', 'BEFORE UPDATE OR DELETE', 'ROW', 'audit_trail_refuse'),
               ('audit_trail_refuse_truncate', 'BEFORE TRUNCATE', 'STATEMENT',
                'audit_trail_refuse_truncate')
               ) AS kind(name, moment, level, function)
    LOOP
        IF audit_trail_ensure_trigger(wanted.table_name, wanted.name, wanted.moment,
                                      wanted.level, wanted.function) THEN
            repaired := repaired || (wanted.table_name || '.' || wanted.name);
        END IF;
    END LOOP;
    RETURN repaired;
END
$$;

SELECT electronic_signature_protect();
