-- The canonical content of an entry, version 1. Never change it: a new form gets a new function.
CREATE OR REPLACE FUNCTION audit_trail_canonical_v1(entry audit_trail_entry) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT json_build_array(
        'v1', entry.id, entry.generation, entry.txid, entry.occurred_at, entry.kind,
        entry.res_model, entry.res_id, entry.res_name, entry.changes, entry.details,
        entry.reason, entry.reason_required, entry.user_id, entry.user_name,
        entry.login_user_id, entry.company_id, entry.channel, entry.address, entry.session,
        entry.origin, entry.db_role, entry.application, entry.state_digest
    )::text
$$;

-- A setting of this transaction, or NULL.
CREATE OR REPLACE FUNCTION audit_trail_setting(name text) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT NULLIF(current_setting('audit_trail.' || name, TRUE), '')
$$;

-- HMAC-SHA256 from the two padded halves of a key: '<nonce>:<inner>:<outer>', hexadecimal.
CREATE OR REPLACE FUNCTION audit_trail_hmac(key text, content text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT encode(sha256(decode(split_part(key, ':', 3), 'hex') || sha256(
        decode(split_part(key, ':', 2), 'hex') || convert_to(content, 'UTF8')
    )), 'hex')
$$;

-- Every entry, whoever inserts it, gets its facts here: nobody chooses moment, role or digest.
CREATE OR REPLACE FUNCTION audit_trail_stamp() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    key text := audit_trail_setting('key');
    context jsonb := audit_trail_setting('context')::jsonb;
BEGIN
    NEW.id := nextval('audit_trail_entry_id_seq');
    NEW.generation := (SELECT generation FROM audit_trail_generation);
    NEW.txid := pg_current_xact_id()::text::bigint;
    NEW.occurred_at := clock_timestamp() AT TIME ZONE 'UTC';
    NEW.db_role := session_user || CASE WHEN current_user <> session_user
        THEN ' as ' || current_user ELSE '' END;
    NEW.application := NULLIF(current_setting('application_name'), '');
    IF pg_trigger_depth() = 1 THEN
        -- Not from a row trigger: an event. What rows did, only their triggers say.
        IF NEW.kind IN ('insert', 'update', 'delete', 'link', 'unlink') THEN
            RAISE EXCEPTION 'entries about rows are written by the triggers of their tables'
                USING ERRCODE = 'restrict_violation';
        END IF;
        NEW.user_id := NULL;
    END IF;
    IF key IS NULL THEN
        -- Outside Odoo: what the writer says about itself is not taken over.
        NEW.channel := 'database';
        NEW.user_id := NULL;
        NEW.user_name := NULL;
        NEW.login_user_id := NULL;
        NEW.address := host(inet_client_addr());
        NEW.session := NULL;
        NEW.origin := NULL;
        NEW.digest := NULL;
        RETURN NEW;
    END IF;
    NEW.user_id := COALESCE(NEW.user_id, (context->>'uid')::integer);
    NEW.user_name := (
        SELECT partner.name || ' (' || users.login || ')'
          FROM res_users users JOIN res_partner partner ON partner.id = users.partner_id
         WHERE users.id = NEW.user_id);
    NEW.login_user_id := (context->>'login_uid')::integer;
    NEW.channel := COALESCE(context->>'channel', 'server');
    NEW.address := context->>'address';
    NEW.session := context->>'session';
    NEW.origin := context->>'origin';
    NEW.reason := COALESCE(NEW.reason, context->>'reason');
    NEW.reason_required := COALESCE(NEW.reason_required, FALSE)
        OR COALESCE((context->>'reason_required')::boolean, FALSE);
    NEW.digest := 'v1:' || split_part(key, ':', 1) || ':'
        || audit_trail_hmac(key, audit_trail_canonical_v1(NEW));
    RETURN NEW;
END
$$;

-- Update and truncate are always refused; rows go only with the signed purge of their seal.
CREATE OR REPLACE FUNCTION audit_trail_refuse() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'audit_trail_entry' THEN
        PERFORM 1
           FROM audit_trail_seal seal
           JOIN audit_trail_purge purge ON seal.id BETWEEN purge.seal_from AND purge.seal_to
          WHERE seal.generation = OLD.generation
                AND OLD.txid >= seal.txid_from AND OLD.txid < seal.txid_to;
        IF FOUND THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;

-- How a column's value enters the trail: as it is, as a mark, as a keyed fingerprint, or by digest.
CREATE OR REPLACE FUNCTION audit_trail_value(
    tracked audit_trail_tracked, name text, value jsonb, hide_all boolean
) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF value IS NULL OR value = 'null'::jsonb THEN
        RETURN NULL;
    ELSIF name = ANY (tracked.secret) OR (hide_all AND name IS DISTINCT FROM tracked.name_column)
    THEN
        RETURN '{"hidden": "secret"}'::jsonb;
    ELSIF name = ANY (tracked.fingerprint) THEN
        RETURN jsonb_build_object('hidden', 'personal', 'fingerprint',
            left(audit_trail_hmac(audit_trail_setting('key'), value::text), 16));
    ELSIF pg_column_size(value) > 8192 AND octet_length(value::text) > 65536 THEN
        RETURN jsonb_build_object('hidden', 'large', 'bytes', octet_length(value::text),
            'sha256', encode(sha256(convert_to(value::text, 'UTF8')), 'hex'));
    END IF;
    RETURN value;
END
$$;

-- Digest of a row as it stands, without empty columns: a new empty column changes nothing.
CREATE OR REPLACE FUNCTION audit_trail_state(content jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT left(encode(sha256(convert_to(jsonb_strip_nulls(content)::text, 'UTF8')), 'hex'), 32)
$$;

CREATE OR REPLACE FUNCTION audit_trail_record_name(tracked audit_trail_tracked, content jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE jsonb_typeof(content->tracked.name_column)
        WHEN 'object' THEN COALESCE(content->tracked.name_column->>'en_US', (
            SELECT value FROM jsonb_each_text(content->tracked.name_column) LIMIT 1))
        ELSE left(content->>tracked.name_column, 500)
    END
$$;

-- The one row trigger of every tracked table. It names no column.
CREATE OR REPLACE FUNCTION audit_trail_record() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    tracked audit_trail_tracked;
    old_row jsonb;
    new_row jsonb;
    any_row jsonb;
    old_content jsonb;
    new_content jsonb;
    diff jsonb;
    hide_all boolean := FALSE;
    is_plain boolean;
    author integer;
BEGIN
    SELECT * INTO tracked FROM audit_trail_tracked WHERE table_name = TG_TABLE_NAME;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        old_row := to_jsonb(OLD);
        old_content := old_row - tracked.ignored;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        new_row := to_jsonb(NEW);
        new_content := new_row - tracked.ignored;
    END IF;
    any_row := COALESCE(new_row, old_row);
    IF tracked.is_relation THEN
        INSERT INTO audit_trail_entry (kind, res_model, res_id, changes, details, state_digest)
        SELECT side.kind, tracked.model, (side.content->>tracked.column1)::bigint,
               jsonb_build_object(tracked.field, CASE side.kind
                   WHEN 'link' THEN jsonb_build_array(NULL, side.content->tracked.column2)
                   ELSE jsonb_build_array(side.content->tracked.column2, NULL) END),
               jsonb_build_object('relation', TG_TABLE_NAME), side.content->>tracked.column2
          FROM (VALUES ('unlink', old_row), ('link', new_row)) AS side(kind, content)
         WHERE side.content IS NOT NULL;
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND old_content = new_content THEN
        RETURN NULL;
    END IF;
    IF tracked.secret_names IS NOT NULL THEN
        hide_all := audit_trail_record_name(tracked, any_row) ~* tracked.secret_names;
    END IF;
    is_plain := NOT hide_all AND tracked.secret = '{}' AND tracked.fingerprint = '{}'
        AND COALESCE(pg_column_size(old_content), 0) < 8192
        AND COALESCE(pg_column_size(new_content), 0) < 8192;
    IF TG_OP = 'UPDATE' AND is_plain THEN
        SELECT jsonb_object_agg(fresh.key, jsonb_build_array(
                   NULLIF(old_content->fresh.key, 'null'), NULLIF(fresh.value, 'null')))
          INTO diff
          FROM jsonb_each(new_content) fresh
         WHERE fresh.value IS DISTINCT FROM old_content->fresh.key;
    ELSIF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(fresh.key, jsonb_build_array(
                   audit_trail_value(tracked, fresh.key, old_content->fresh.key, hide_all),
                   audit_trail_value(tracked, fresh.key, fresh.value, hide_all)))
          INTO diff
          FROM jsonb_each(new_content) fresh
         WHERE fresh.value IS DISTINCT FROM old_content->fresh.key;
    ELSIF TG_OP = 'INSERT' THEN
        SELECT jsonb_object_agg(fresh.key, jsonb_build_array(NULL, CASE WHEN is_plain
                   THEN fresh.value
                   ELSE audit_trail_value(tracked, fresh.key, fresh.value, hide_all) END))
          INTO diff
          FROM jsonb_each(new_content) fresh
         WHERE fresh.value <> 'null'::jsonb AND fresh.key <> 'id';
    ELSE
        SELECT jsonb_object_agg(former.key, jsonb_build_array(
                   audit_trail_value(tracked, former.key, former.value, hide_all), NULL))
          INTO diff
          FROM jsonb_each(old_content) former
         WHERE former.value <> 'null'::jsonb AND former.key <> 'id';
    END IF;
    IF TG_OP = 'INSERT' THEN
        author := (new_row->>'create_uid')::integer;
    ELSIF TG_OP = 'UPDATE' AND (
        new_row->'write_date' IS DISTINCT FROM old_row->'write_date'
        OR new_row->'write_uid' IS DISTINCT FROM old_row->'write_uid'
        OR (new_row->>'write_date')::timestamp >= transaction_timestamp() AT TIME ZONE 'UTC'
    ) THEN
        -- The flush may run as somebody else; whoever wrote in this transaction is in the row.
        author := (new_row->>'write_uid')::integer;
    END IF;
    INSERT INTO audit_trail_entry (
        kind, res_model, res_id, res_name, changes, reason_required, user_id, company_id,
        state_digest
    ) VALUES (
        lower(TG_OP), tracked.model, (any_row->>'id')::bigint,
        audit_trail_record_name(tracked, any_row), diff,
        TG_OP = 'DELETE' AND tracked.delete_reason, author,
        (any_row->>'company_id')::integer,
        CASE WHEN TG_OP <> 'DELETE' THEN audit_trail_state(new_content) END
    );
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION audit_trail_refuse_truncate() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is part of the audit trail or tracked by it: TRUNCATE is refused',
        TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

-- Triggers that the evidence tables need; only what is missing or switched off is made again.
CREATE OR REPLACE FUNCTION audit_trail_protect() RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    wanted record;
    repaired text[] := '{}';
BEGIN
    FOR wanted IN
        SELECT evidence.name AS table_name, kind.*
          FROM unnest(ARRAY['audit_trail_entry', 'audit_trail_seal', 'audit_trail_purge'])
               AS evidence(name)
         CROSS JOIN (VALUES
               ('audit_trail_refuse', 'BEFORE UPDATE OR DELETE', 'ROW', 'audit_trail_refuse'),
               ('audit_trail_refuse_truncate', 'BEFORE TRUNCATE', 'STATEMENT',
                'audit_trail_refuse_truncate'),
               ('audit_trail_stamp', 'BEFORE INSERT', 'ROW', 'audit_trail_stamp')
               ) AS kind(name, moment, level, function)
         WHERE kind.name <> 'audit_trail_stamp' OR evidence.name = 'audit_trail_entry'
    LOOP
        IF audit_trail_ensure_trigger(wanted.table_name, wanted.name, wanted.moment,
                                      wanted.level, wanted.function) THEN
            repaired := repaired || (wanted.table_name || '.' || wanted.name);
        END IF;
    END LOOP;
    RETURN repaired;
END
$$;

-- True if the trigger had to be made or switched on. ALWAYS: also where replication is claimed.
CREATE OR REPLACE FUNCTION audit_trail_ensure_trigger(
    table_name text, trigger_name text, moment text, level text, function_name text
) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    status "char";
BEGIN
    SELECT tgenabled INTO status FROM pg_trigger
     WHERE tgrelid = to_regclass(quote_ident(table_name)) AND tgname = trigger_name
           AND tgfoid = to_regproc(function_name)::oid;
    IF status = 'A' THEN
        RETURN FALSE;
    END IF;
    EXECUTE format('DROP TRIGGER IF EXISTS %I ON %I', trigger_name, table_name);
    EXECUTE format('CREATE TRIGGER %I %s ON %I FOR EACH %s EXECUTE FUNCTION %I()',
                   trigger_name, moment, table_name, level, function_name);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', table_name, trigger_name);
    RETURN TRUE;
END
$$;

-- The two triggers of a tracked table.
CREATE OR REPLACE FUNCTION audit_trail_track(table_name text) RETURNS boolean
LANGUAGE sql AS $$
    SELECT bool_or(made) FROM (
        SELECT audit_trail_ensure_trigger(table_name, 'audit_trail_record',
            'AFTER INSERT OR UPDATE OR DELETE', 'ROW', 'audit_trail_record') AS made
        UNION ALL
        SELECT audit_trail_ensure_trigger(table_name, 'audit_trail_refuse_truncate',
            'BEFORE TRUNCATE', 'STATEMENT', 'audit_trail_refuse_truncate')
    ) triggers
$$;

SELECT audit_trail_protect();
