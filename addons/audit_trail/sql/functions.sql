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

-- HMAC-SHA256 from the two padded halves of a key: '<nonce>:<inner>:<outer>', hexadecimal.
CREATE OR REPLACE FUNCTION audit_trail_hmac(key text, content text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT encode(sha256(decode(split_part(key, ':', 3), 'hex') || sha256(
        decode(split_part(key, ':', 2), 'hex') || convert_to(content, 'UTF8')
    )), 'hex')
$$;

-- An event, or whatever else is inserted by hand, gets its facts here: nobody chooses moment,
-- author, role or digest. What row triggers insert, they stamp themselves (audit_trail_record).
CREATE OR REPLACE FUNCTION audit_trail_stamp() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    key text[] := string_to_array(NULLIF(current_setting('audit_trail.key', TRUE), ''), ':');
    context jsonb := NULLIF(current_setting('audit_trail.context', TRUE), '')::jsonb;
BEGIN
    IF NEW.kind IN ('insert', 'update', 'delete', 'link', 'unlink') THEN
        RAISE EXCEPTION 'entries about rows are written by the triggers of their tables'
            USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.id := nextval('audit_trail_entry_id_seq');
    NEW.generation := (SELECT generation FROM audit_trail_generation);
    NEW.txid := pg_current_xact_id()::text::bigint;
    NEW.occurred_at := clock_timestamp() AT TIME ZONE 'UTC';
    NEW.db_role := session_user || CASE WHEN current_user <> session_user
        THEN ' as ' || current_user ELSE '' END;
    NEW.application := NULLIF(current_setting('application_name'), '');
    -- Outside Odoo there is no key, and what the writer says about itself is not taken over.
    NEW.user_id := CASE WHEN key IS NOT NULL THEN (context->>'uid')::integer END;
    NEW.user_name := (
        SELECT partner.name || ' (' || users.login || ')'
          FROM res_users users JOIN res_partner partner ON partner.id = users.partner_id
         WHERE users.id = NEW.user_id);
    NEW.login_user_id := CASE WHEN key IS NOT NULL THEN (context->>'login_uid')::integer END;
    NEW.channel := CASE WHEN key IS NULL THEN 'database'
        ELSE COALESCE(context->>'channel', 'server') END;
    NEW.address := CASE WHEN key IS NULL THEN host(inet_client_addr())
        ELSE context->>'address' END;
    NEW.session := CASE WHEN key IS NOT NULL THEN context->>'session' END;
    NEW.origin := CASE WHEN key IS NOT NULL THEN context->>'origin' END;
    NEW.digest := NULL;
    IF key IS NOT NULL THEN
        NEW.reason := COALESCE(NEW.reason, context->>'reason');
        NEW.digest := 'v1:' || key[1] || ':'
            || audit_trail_hmac(array_to_string(key, ':'), audit_trail_canonical_v1(NEW));
    END IF;
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
            left(audit_trail_hmac(NULLIF(current_setting('audit_trail.key', TRUE), ''), value::text),
                16));
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

-- Complete and insert an entry of a row trigger.
CREATE OR REPLACE FUNCTION audit_trail_append(
    entry audit_trail_entry, key text[], context jsonb
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    generation integer;
BEGIN
    SELECT settings.generation, partner.name || ' (' || users.login || ')'
      INTO generation, entry.user_name
      FROM audit_trail_generation settings
 LEFT JOIN res_users users ON users.id = entry.user_id
 LEFT JOIN res_partner partner ON partner.id = users.partner_id;
    entry.id := nextval('audit_trail_entry_id_seq');
    entry.generation := generation;
    entry.txid := pg_current_xact_id()::text::bigint;
    entry.occurred_at := clock_timestamp() AT TIME ZONE 'UTC';
    entry.db_role := session_user || CASE WHEN current_user <> session_user
        THEN ' as ' || current_user ELSE '' END;
    entry.application := NULLIF(current_setting('application_name'), '');
    IF key IS NULL THEN
        entry.channel := 'database';
        entry.address := host(inet_client_addr());
    ELSE
        entry.login_user_id := (context->>'login_uid')::integer;
        entry.channel := COALESCE(context->>'channel', 'server');
        entry.address := context->>'address';
        entry.session := context->>'session';
        entry.origin := context->>'origin';
        entry.reason := context->>'reason';
        entry.reason_required := COALESCE(entry.reason_required, FALSE)
            OR COALESCE((context->>'reason_required')::boolean, FALSE);
        -- The canonical content is that of audit_trail_canonical_v1.
        entry.digest := 'v1:' || key[1] || ':' || encode(sha256(decode(key[3], 'hex') || sha256(
            decode(key[2], 'hex') || convert_to(json_build_array(
                'v1', entry.id, entry.generation, entry.txid, entry.occurred_at, entry.kind,
                entry.res_model, entry.res_id, entry.res_name, entry.changes, entry.details,
                entry.reason, entry.reason_required, entry.user_id, entry.user_name,
                entry.login_user_id, entry.company_id, entry.channel, entry.address,
                entry.session, entry.origin, entry.db_role, entry.application,
                entry.state_digest
            )::text, 'UTF8')
        )), 'hex');
    END IF;
    INSERT INTO audit_trail_entry SELECT (entry).*;
END
$$;

-- The one row trigger of every tracked table. It names no column.
-- Functions in SQL are planned anew in every statement, and every step costs a cold processor
-- cache: what runs per row stands here in full, in as few steps as will do.
CREATE OR REPLACE FUNCTION audit_trail_record() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    tracked audit_trail_tracked;
    key text[] := string_to_array(NULLIF(current_setting('audit_trail.key', TRUE), ''), ':');
    context jsonb := NULLIF(current_setting('audit_trail.context', TRUE), '')::jsonb;
    old_row jsonb := to_jsonb(OLD);
    new_row jsonb := to_jsonb(NEW);
    any_row jsonb := COALESCE(new_row, old_row);
    old_content jsonb;
    new_content jsonb;
    hide_all boolean := FALSE;
    is_plain boolean;
    name jsonb;
    entry audit_trail_entry;
BEGIN
    SELECT * INTO tracked FROM audit_trail_tracked WHERE table_name = TG_TABLE_NAME;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    old_content := old_row - tracked.ignored;
    new_content := new_row - tracked.ignored;
    IF TG_OP = 'UPDATE' AND old_content = new_content THEN
        RETURN NULL;
    END IF;
    entry.kind := lower(TG_OP);
    entry.res_model := tracked.model;
    IF tracked.is_relation THEN
        entry.details := jsonb_build_object('relation', TG_TABLE_NAME);
        entry.user_id := CASE WHEN key IS NOT NULL THEN (context->>'uid')::integer END;
        IF old_row IS NOT NULL THEN
            entry.kind := 'unlink';
            entry.res_id := (old_row->>tracked.column1)::bigint;
            entry.state_digest := old_row->>tracked.column2;
            entry.changes := jsonb_build_object(
                tracked.field, jsonb_build_array(old_row->tracked.column2, NULL));
            PERFORM audit_trail_append(entry, key, context);
        END IF;
        IF new_row IS NOT NULL THEN
            entry.kind := 'link';
            entry.res_id := (new_row->>tracked.column1)::bigint;
            entry.state_digest := new_row->>tracked.column2;
            entry.changes := jsonb_build_object(
                tracked.field, jsonb_build_array(NULL, new_row->tracked.column2));
            PERFORM audit_trail_append(entry, key, context);
        END IF;
        RETURN NULL;
    END IF;
    name := any_row->tracked.name_column;
    entry.res_id := (any_row->>'id')::bigint;
    entry.res_name := CASE WHEN jsonb_typeof(name) = 'object'
        THEN COALESCE(name->>'en_US', jsonb_path_query_first(name, '$.*') #>> '{}')
        ELSE left(name #>> '{}', 500) END;
    IF tracked.secret_names IS NOT NULL THEN
        hide_all := COALESCE(entry.res_name ~* tracked.secret_names, FALSE);
    END IF;
    is_plain := NOT hide_all AND tracked.secret = '{}' AND tracked.fingerprint = '{}'
        AND COALESCE(pg_column_size(old_content), 0) < 8192
        AND COALESCE(pg_column_size(new_content), 0) < 8192;
    IF TG_OP = 'UPDATE' AND is_plain THEN
        SELECT jsonb_object_agg(fresh.key, jsonb_build_array(
                   NULLIF(old_content->fresh.key, 'null'), NULLIF(fresh.value, 'null')))
          INTO entry.changes
          FROM jsonb_each(new_content) fresh
         WHERE fresh.value IS DISTINCT FROM old_content->fresh.key;
    ELSIF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(fresh.key, jsonb_build_array(
                   audit_trail_value(tracked, fresh.key, old_content->fresh.key, hide_all),
                   audit_trail_value(tracked, fresh.key, fresh.value, hide_all)))
          INTO entry.changes
          FROM jsonb_each(new_content) fresh
         WHERE fresh.value IS DISTINCT FROM old_content->fresh.key;
    ELSIF TG_OP = 'INSERT' THEN
        SELECT jsonb_object_agg(fresh.key, jsonb_build_array(NULL, CASE WHEN is_plain
                   THEN fresh.value
                   ELSE audit_trail_value(tracked, fresh.key, fresh.value, hide_all) END))
          INTO entry.changes
          FROM jsonb_each(new_content) fresh
         WHERE fresh.value <> 'null'::jsonb AND fresh.key <> 'id';
    ELSE
        SELECT jsonb_object_agg(former.key, jsonb_build_array(
                   audit_trail_value(tracked, former.key, former.value, hide_all), NULL))
          INTO entry.changes
          FROM jsonb_each(old_content) former
         WHERE former.value <> 'null'::jsonb AND former.key <> 'id';
        entry.reason_required := tracked.delete_reason;
    END IF;
    IF key IS NOT NULL THEN
        -- The flush may run as somebody else; whoever wrote in this transaction is in the row.
        entry.user_id := COALESCE(CASE
            WHEN TG_OP = 'INSERT' THEN (new_row->>'create_uid')::integer
            WHEN TG_OP = 'UPDATE' AND (
                new_row->'write_date' IS DISTINCT FROM old_row->'write_date'
                OR new_row->'write_uid' IS DISTINCT FROM old_row->'write_uid'
                OR (new_row->>'write_date')::timestamp
                   >= transaction_timestamp() AT TIME ZONE 'UTC'
            ) THEN (new_row->>'write_uid')::integer END, (context->>'uid')::integer);
    END IF;
    entry.company_id := (any_row->>'company_id')::integer;
    -- As audit_trail_state.
    entry.state_digest := CASE WHEN TG_OP <> 'DELETE' THEN left(encode(sha256(convert_to(
        jsonb_strip_nulls(new_content)::text, 'UTF8')), 'hex'), 32) END;
    PERFORM audit_trail_append(entry, key, context);
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
               ('audit_trail_stamp', 'BEFORE INSERT', 'ROW WHEN (pg_trigger_depth() = 0)',
                'audit_trail_stamp')
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
