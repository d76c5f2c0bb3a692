-- Evidence tables of the audit trail. No foreign key points in or out: nothing may block a write,
-- null a value or delete a row here.
CREATE SEQUENCE IF NOT EXISTS audit_trail_entry_id_seq AS bigint;

CREATE TABLE IF NOT EXISTS audit_trail_entry (
    id bigint PRIMARY KEY,
    generation integer NOT NULL,
    txid bigint NOT NULL,
    occurred_at timestamp(6) NOT NULL,
    kind text NOT NULL,
    res_model text,
    res_id bigint,
    res_name text,
    changes jsonb,
    details jsonb,
    reason text,
    reason_required boolean,
    user_id integer,
    user_name text,
    login_user_id integer,
    company_id integer,
    channel text NOT NULL,
    address text,
    session text,
    origin text,
    db_role text NOT NULL,
    application text,
    state_digest text,
    digest text
);

CREATE INDEX IF NOT EXISTS audit_trail_entry_record_index
    ON audit_trail_entry (res_model, res_id, id);
CREATE INDEX IF NOT EXISTS audit_trail_entry_seal_index
    ON audit_trail_entry (generation, txid, id);
CREATE INDEX IF NOT EXISTS audit_trail_entry_time_index
    ON audit_trail_entry USING brin (occurred_at);
CREATE INDEX IF NOT EXISTS audit_trail_entry_user_index
    ON audit_trail_entry (user_id, id);
CREATE INDEX IF NOT EXISTS audit_trail_entry_event_index
    ON audit_trail_entry (kind, id) WHERE kind NOT IN ('insert', 'update', 'delete', 'link', 'unlink');

-- What the row triggers read; written by audit.trail.rule alone.
CREATE TABLE IF NOT EXISTS audit_trail_tracked (
    table_name text PRIMARY KEY,
    model text NOT NULL,
    is_relation boolean NOT NULL DEFAULT FALSE,
    field text,
    column1 text,
    column2 text,
    name_column text,
    name_key text,
    name_query text,
    ignored text[] NOT NULL DEFAULT '{}',
    secret text[] NOT NULL DEFAULT '{}',
    fingerprint text[] NOT NULL DEFAULT '{}',
    secret_names text,
    delete_reason boolean NOT NULL DEFAULT FALSE,
    known_columns jsonb
);
-- Of databases that were made before.
ALTER TABLE audit_trail_tracked ADD COLUMN IF NOT EXISTS name_key text;
ALTER TABLE audit_trail_tracked ADD COLUMN IF NOT EXISTS name_query text;

-- One row: the generation of transaction numbers. A database that was restored into another
-- PostgreSQL cluster starts counting anew; its next generation begins there.
CREATE TABLE IF NOT EXISTS audit_trail_generation (
    id integer PRIMARY KEY CHECK (id = 1),
    generation integer NOT NULL
);
INSERT INTO audit_trail_generation (id, generation) VALUES (1, 1) ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS audit_trail_seal (
    id integer PRIMARY KEY,
    generation integer NOT NULL,
    txid_from bigint NOT NULL,
    txid_to bigint NOT NULL,
    entry_count integer NOT NULL,
    entry_ranges text NOT NULL,
    outside_ranges text NOT NULL,
    first_entry_at timestamp(6),
    last_entry_at timestamp(6),
    clock_steps integer NOT NULL DEFAULT 0,
    content_digest text NOT NULL,
    previous_digest text,
    sealed_at timestamp(6) NOT NULL,
    key_id text NOT NULL,
    digest text NOT NULL,
    signature text NOT NULL,
    UNIQUE (generation, txid_from)
);

CREATE TABLE IF NOT EXISTS audit_trail_purge (
    id serial PRIMARY KEY,
    seal_from integer NOT NULL,
    seal_to integer NOT NULL,
    entry_count bigint NOT NULL,
    last_entry_at timestamp(6) NOT NULL,
    head_digest text NOT NULL,
    reason text NOT NULL,
    user_id integer NOT NULL,
    user_name text NOT NULL,
    purged_at timestamp(6) NOT NULL,
    key_id text NOT NULL,
    signature text NOT NULL
);
