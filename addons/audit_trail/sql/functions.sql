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

-- How a guarded or long value enters the trail: as a mark, as a keyed fingerprint, or by digest.
CREATE OR REPLACE FUNCTION audit_trail_guard(
    name text, value jsonb, secret text[], fingerprint text[], hide_all boolean
) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF value IS NULL OR value = 'null'::jsonb THEN
        RETURN NULL;
    ELSIF name = ANY (secret) OR hide_all THEN
        RETURN '{"hidden": "secret"}'::jsonb;
    ELSIF name = ANY (fingerprint) THEN
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
DROP FUNCTION IF EXISTS audit_trail_value(audit_trail_tracked, text, jsonb, boolean);

-- Digest of a row as it stands, without empty columns: a new empty column changes nothing.
CREATE OR REPLACE FUNCTION audit_trail_state(content jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT left(encode(sha256(convert_to(jsonb_strip_nulls(content)::text, 'UTF8')), 'hex'), 32)
$$;

DROP FUNCTION IF EXISTS audit_trail_append(audit_trail_entry, text[], jsonb);

-- The name of a record whose name stands in another table; only such tables pay for it.
CREATE OR REPLACE FUNCTION audit_trail_name(query text, record_id bigint) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    EXECUTE query INTO name USING record_id;
    RETURN left(name, 500);
EXCEPTION WHEN syntax_error_or_access_rule_violation THEN
    -- An upgrade took the table or the column away: no name, but no write is blocked by it.
    RETURN NULL;
END
$$;

-- Write the entry of one row. It names no column.
-- Every statement costs a cold processor cache, every function in SQL a plan of its own: what runs
-- per row stands here in full, in as few statements as will do. The rule, the generation and the
-- author come with one; they are looked up one by one inside it, for a join of them is planned by
-- what the statistics happen to say, and a trail must not slow down for want of an ANALYZE.
CREATE OR REPLACE FUNCTION audit_trail_write(
    operation text, changed_table text, old_row jsonb, new_row jsonb
) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    key text[] := string_to_array(NULLIF(current_setting('audit_trail.key', TRUE), ''), ':');
    context jsonb := CASE WHEN key IS NOT NULL
        THEN NULLIF(current_setting('audit_trail.context', TRUE), '')::jsonb END;
    any_row jsonb := CASE WHEN operation = 'DELETE' THEN old_row ELSE new_row END;
    tracked record;
    hide_all boolean;
    guarded text[];
    is_long boolean;
    entry_kind text := lower(operation);
    author integer;
    record_id bigint;
    record_name text;
    changed jsonb;
    facts jsonb;
    state text;
    is_reason_required boolean := FALSE;
    role_name text := CASE WHEN current_user = session_user THEN session_user::text
        ELSE session_user || ' as ' || current_user END;
    entry_id bigint;
    moment timestamp(6);
    transaction_id bigint := pg_current_xact_id()::text::bigint;
BEGIN
    IF key IS NOT NULL THEN
        -- The flush may run as somebody else; whoever wrote in this transaction is in the row.
        author := COALESCE(CASE
            WHEN operation = 'INSERT' THEN (new_row->>'create_uid')::integer
            WHEN operation = 'UPDATE' AND (
                new_row->'write_date' IS DISTINCT FROM old_row->'write_date'
                OR new_row->'write_uid' IS DISTINCT FROM old_row->'write_uid'
                OR (new_row->>'write_date')::timestamp
                   >= transaction_timestamp() AT TIME ZONE 'UTC'
            ) THEN (new_row->>'write_uid')::integer END, (context->>'uid')::integer);
    END IF;
    SELECT rule.model, rule.is_relation, rule.field, rule.column1, rule.column2,
           rule.name_column, rule.name_key, rule.name_query, rule.ignored, rule.secret,
           rule.fingerprint, rule.secret_names, rule.delete_reason,
           (SELECT generation FROM audit_trail_generation WHERE id = 1) AS generation,
           (SELECT (SELECT partner.name FROM res_partner partner
                     WHERE partner.id = users.partner_id) || ' (' || users.login || ')'
              FROM res_users users WHERE users.id = author) AS author_name
      INTO tracked
      FROM audit_trail_tracked rule
     WHERE rule.table_name = changed_table;
    IF NOT FOUND THEN
        RETURN FALSE;
    END IF;
    IF tracked.is_relation THEN
        -- A changed pair is the end of one and the beginning of another: two entries.
        facts := jsonb_build_object('relation', changed_table);
        entry_kind := CASE WHEN operation = 'INSERT' THEN 'link' ELSE 'unlink' END;
        any_row := CASE WHEN operation = 'INSERT' THEN new_row ELSE old_row END;
    ELSE
        record_id := (any_row->>'id')::bigint;
        record_name := left(any_row->>tracked.name_column, 500);
        IF jsonb_typeof(any_row->tracked.name_column) = 'object' THEN
            record_name := COALESCE(
                any_row->tracked.name_column->>'en_US',
                jsonb_path_query_first(any_row->tracked.name_column, '$.*') #>> '{}');
        ELSIF tracked.name_query IS NOT NULL THEN
            record_name := audit_trail_name(
                tracked.name_query, (any_row->>tracked.name_key)::bigint);
        END IF;
        hide_all := tracked.secret_names IS NOT NULL
            AND COALESCE(record_name ~* tracked.secret_names, FALSE);
        guarded := tracked.secret || tracked.fingerprint;
        is_long := pg_column_size(any_row) > 8192 OR pg_column_size(old_row) > 8192;
        IF operation = 'UPDATE' THEN
            SELECT jsonb_object_agg(fresh.key, CASE
                       WHEN is_long OR hide_all OR fresh.key = ANY (guarded)
                       THEN jsonb_build_array(
                           audit_trail_guard(
                               fresh.key, old_row->fresh.key, tracked.secret, tracked.fingerprint,
                               hide_all AND fresh.key IS DISTINCT FROM tracked.name_column),
                           audit_trail_guard(
                               fresh.key, fresh.value, tracked.secret, tracked.fingerprint,
                               hide_all AND fresh.key IS DISTINCT FROM tracked.name_column))
                       ELSE jsonb_build_array(
                           NULLIF(old_row->fresh.key, 'null'), NULLIF(fresh.value, 'null')) END)
              INTO changed
              FROM jsonb_each(new_row) fresh
             WHERE fresh.value IS DISTINCT FROM old_row->fresh.key
                   AND fresh.key <> ALL (tracked.ignored);
            IF changed IS NULL THEN
                RETURN FALSE;
            END IF;
        ELSE
            SELECT jsonb_object_agg(cell.key, CASE
                       WHEN operation = 'INSERT' THEN jsonb_build_array(NULL, cell.shown)
                       ELSE jsonb_build_array(cell.shown, NULL) END)
              INTO changed
              FROM (SELECT whole.key, CASE
                               WHEN is_long OR hide_all OR whole.key = ANY (guarded)
                               THEN audit_trail_guard(
                                   whole.key, whole.value, tracked.secret, tracked.fingerprint,
                                   hide_all AND whole.key IS DISTINCT FROM tracked.name_column)
                               ELSE whole.value END AS shown
                      FROM jsonb_each(any_row) whole
                     WHERE whole.value <> 'null'::jsonb AND whole.key <> 'id'
                           AND whole.key <> ALL (tracked.ignored)) cell;
            is_reason_required := operation = 'DELETE' AND tracked.delete_reason;
        END IF;
        -- As audit_trail_state.
        state := CASE WHEN operation <> 'DELETE' THEN left(encode(sha256(convert_to(
            jsonb_strip_nulls(new_row - tracked.ignored)::text, 'UTF8')), 'hex'), 32) END;
    END IF;
    is_reason_required := is_reason_required
        OR COALESCE((context->>'reason_required')::boolean, FALSE);
    LOOP
        IF tracked.is_relation THEN
            record_id := (any_row->>tracked.column1)::bigint;
            IF tracked.name_query IS NOT NULL THEN
                record_name := audit_trail_name(tracked.name_query, record_id);
            END IF;
            state := any_row->>tracked.column2;
            changed := jsonb_build_object(tracked.field, CASE
                WHEN entry_kind = 'link' THEN jsonb_build_array(NULL, any_row->tracked.column2)
                ELSE jsonb_build_array(any_row->tracked.column2, NULL) END);
        END IF;
        entry_id := nextval('audit_trail_entry_id_seq');
        moment := clock_timestamp() AT TIME ZONE 'UTC';
        INSERT INTO audit_trail_entry (
            id, generation, txid, occurred_at, kind, res_model, res_id, res_name, changes,
            details, reason, reason_required, user_id, user_name, login_user_id, company_id,
            channel, address, session, origin, db_role, application, state_digest, digest
        )
        SELECT entry_id, tracked.generation, transaction_id, moment, entry_kind, tracked.model,
               record_id, record_name, changed, facts, said.reason, is_reason_required, author,
               tracked.author_name, said.login_uid, said.company, said.channel, said.address,
               said.session, said.origin, role_name, said.application, state,
               -- The canonical content is that of audit_trail_canonical_v1.
               'v1:' || key[1] || ':' || encode(sha256(decode(key[3], 'hex') || sha256(
                   decode(key[2], 'hex') || convert_to(json_build_array(
                       'v1', entry_id, tracked.generation, transaction_id, moment, entry_kind,
                       tracked.model, record_id, record_name, changed, facts, said.reason,
                       is_reason_required, author, tracked.author_name, said.login_uid,
                       said.company, said.channel, said.address, said.session, said.origin,
                       role_name, said.application, state
                   )::text, 'UTF8'))), 'hex')
          FROM (SELECT context->>'reason' AS reason,
                       (context->>'login_uid')::integer AS login_uid,
                       CASE WHEN NOT tracked.is_relation
                            THEN (any_row->>'company_id')::integer END AS company,
                       CASE WHEN key IS NULL THEN 'database'
                            ELSE COALESCE(context->>'channel', 'server') END AS channel,
                       CASE WHEN key IS NULL THEN host(inet_client_addr())
                            ELSE context->>'address' END AS address,
                       context->>'session' AS session,
                       context->>'origin' AS origin,
                       NULLIF(current_setting('application_name'), '') AS application
                OFFSET 0) said;
        EXIT WHEN NOT tracked.is_relation OR entry_kind = 'link' OR operation = 'DELETE';
        entry_kind := 'link';
        any_row := new_row;
    END LOOP;
    RETURN TRUE;
END
$$;

-- The one row trigger of every tracked table: PostgreSQL compiles and plans a trigger function anew
-- for each table, so that it only hands the row on.
CREATE OR REPLACE FUNCTION audit_trail_record() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    is_written boolean := audit_trail_write(
        TG_OP, TG_TABLE_NAME::text, to_jsonb(OLD), to_jsonb(NEW));
BEGIN
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

-- What is tracked, as its entry tells it: the columns that the table had go in by their digest.
CREATE OR REPLACE FUNCTION audit_trail_describe_tracked(tracked audit_trail_tracked) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_strip_nulls(to_jsonb(tracked) || jsonb_build_object(
        'known_columns', audit_trail_state(tracked.known_columns)))
$$;

-- What the row triggers obey changes by Odoo's hand alone, and every change of it is an entry.
CREATE OR REPLACE FUNCTION audit_trail_tell_tracking() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NULLIF(current_setting('audit_trail.key', TRUE), '') IS NULL THEN
        RAISE EXCEPTION '% follows the rules of the audit trail: % outside Odoo is refused',
            TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        INSERT INTO audit_trail_entry (kind, details) VALUES ('tracking', jsonb_build_object(
            'stopped', OLD.table_name, 'model', OLD.model));
    ELSIF TG_OP = 'INSERT' OR NEW IS DISTINCT FROM OLD THEN
        INSERT INTO audit_trail_entry (kind, details) VALUES ('tracking', jsonb_build_object(
            CASE WHEN TG_OP = 'INSERT' THEN 'started' ELSE 'changed' END, NEW.table_name,
            'model', NEW.model, 'row', audit_trail_describe_tracked(NEW)));
    END IF;
    RETURN NULL;
END
$$;

-- The generation counts up by one, by Odoo's hand alone.
CREATE OR REPLACE FUNCTION audit_trail_guard_generation() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NULLIF(current_setting('audit_trail.key', TRUE), '') IS NULL
       OR NEW.id <> OLD.id OR NEW.generation <> OLD.generation + 1 THEN
        RAISE EXCEPTION '% only counts up at the start of Odoo: % is refused',
            TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- A purge lets entries go: it is taken only as Odoo makes it, signed and for seals that are there.
-- The signature itself is checked by whoever holds the public key: PostgreSQL knows no Ed25519.
CREATE OR REPLACE FUNCTION audit_trail_guard_purge() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    key text := NULLIF(current_setting('audit_trail.key', TRUE), '');
    context jsonb := NULLIF(current_setting('audit_trail.context', TRUE), '')::jsonb;
BEGIN
    PERFORM 1 FROM audit_trail_seal
      WHERE id = NEW.seal_to AND digest = NEW.head_digest AND NEW.seal_from <= NEW.seal_to;
    IF NOT FOUND OR key IS NULL OR NEW.key_id <> split_part(key, '.', 1)
       OR NEW.user_id IS DISTINCT FROM (context->>'uid')::integer
       OR NEW.signature !~ '^[A-Za-z0-9+/]{86}==$' THEN
        RAISE EXCEPTION 'a purge of the audit trail is made and signed by Odoo alone'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- Every trigger that the evidence tables and the tracked tables need.
CREATE OR REPLACE FUNCTION audit_trail_wanted_triggers()
RETURNS TABLE(
    table_name text, trigger_name text, moment text, level text, function_name text,
    is_evidence boolean
)
LANGUAGE sql STABLE AS $$
    SELECT evidence.name, 'audit_trail_refuse_truncate', 'BEFORE TRUNCATE', 'STATEMENT',
           'audit_trail_refuse_truncate', TRUE
      FROM unnest(ARRAY['audit_trail_entry', 'audit_trail_seal', 'audit_trail_purge',
                        'audit_trail_tracked', 'audit_trail_generation']) evidence(name)
 UNION ALL
    SELECT evidence.name, 'audit_trail_refuse', 'BEFORE DELETE OR UPDATE', 'ROW',
           'audit_trail_refuse', TRUE
      FROM unnest(ARRAY['audit_trail_entry', 'audit_trail_seal', 'audit_trail_purge'])
           evidence(name)
 UNION ALL
    -- Row triggers give their entries a number, and stamp them themselves; events have none.
    VALUES ('audit_trail_entry', 'audit_trail_stamp', 'BEFORE INSERT',
            'ROW WHEN (pg_trigger_depth() = 0 OR new.id IS NULL)', 'audit_trail_stamp', TRUE),
           ('audit_trail_purge', 'audit_trail_guard_purge', 'BEFORE INSERT', 'ROW',
            'audit_trail_guard_purge', TRUE),
           ('audit_trail_tracked', 'audit_trail_tell_tracking',
            'AFTER INSERT OR DELETE OR UPDATE', 'ROW', 'audit_trail_tell_tracking', TRUE),
           ('audit_trail_generation', 'audit_trail_guard_generation', 'BEFORE DELETE OR UPDATE',
            'ROW', 'audit_trail_guard_generation', TRUE)
 UNION ALL
    SELECT tracked.table_name, kind.name, kind.moment, kind.level, kind.name, FALSE
      FROM audit_trail_tracked tracked
     CROSS JOIN (VALUES
           ('audit_trail_record', 'AFTER INSERT OR DELETE OR UPDATE', 'ROW'),
           ('audit_trail_refuse_truncate', 'BEFORE TRUNCATE', 'STATEMENT')
           ) AS kind(name, moment, level)
     WHERE to_regclass(quote_ident(tracked.table_name)) IS NOT NULL
$$;

-- Only what is missing, switched off or made otherwise is made again.
CREATE OR REPLACE FUNCTION audit_trail_protect() RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    wanted record;
    repaired text[] := '{}';
BEGIN
    FOR wanted IN SELECT * FROM audit_trail_wanted_triggers() WHERE is_evidence LOOP
        IF audit_trail_ensure_trigger(wanted.table_name, wanted.trigger_name, wanted.moment,
                                      wanted.level, wanted.function_name) THEN
            repaired := repaired || (wanted.table_name || '.' || wanted.trigger_name);
        END IF;
    END LOOP;
    RETURN repaired;
END
$$;

-- Triggers and rewrite rules on evidence tables that this addon did not make.
CREATE OR REPLACE FUNCTION audit_trail_foreign_objects()
RETURNS TABLE(kind text, table_name text, name text)
LANGUAGE sql STABLE AS $$
    WITH evidence AS (
        SELECT DISTINCT wanted.table_name, to_regclass(quote_ident(wanted.table_name)) AS relation
          FROM audit_trail_wanted_triggers() wanted WHERE wanted.is_evidence
    )
    SELECT 'TRIGGER', evidence.table_name, present.tgname::text
      FROM evidence JOIN pg_trigger present ON present.tgrelid = evidence.relation
     WHERE NOT present.tgisinternal AND NOT EXISTS (
        SELECT FROM audit_trail_wanted_triggers() wanted
         WHERE wanted.table_name = evidence.table_name AND wanted.trigger_name = present.tgname)
 UNION ALL
    SELECT 'RULE', evidence.table_name, present.rulename::text
      FROM evidence JOIN pg_rewrite present ON present.ev_class = evidence.relation
$$;

CREATE OR REPLACE FUNCTION audit_trail_drop_foreign() RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    foreign_object record;
    dropped text[] := '{}';
BEGIN
    FOR foreign_object IN SELECT * FROM audit_trail_foreign_objects() LOOP
        EXECUTE format('DROP %s %I ON %I', foreign_object.kind, foreign_object.name,
                       foreign_object.table_name);
        dropped := dropped || (foreign_object.table_name || '.' || foreign_object.name);
    END LOOP;
    RETURN dropped;
END
$$;

-- How a trigger is made, word for word as PostgreSQL tells it (it puts DELETE before UPDATE).
CREATE OR REPLACE FUNCTION audit_trail_trigger_definition(
    table_name text, trigger_name text, moment text, level text, function_name text
) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT format('CREATE TRIGGER %I %s ON %I FOR EACH %s EXECUTE FUNCTION %I()', trigger_name,
                  replace(moment, 'UPDATE OR DELETE', 'DELETE OR UPDATE'), table_name, level,
                  function_name)
$$;

-- True if the trigger had to be made. ALWAYS: also where replication is claimed.
CREATE OR REPLACE FUNCTION audit_trail_ensure_trigger(
    table_name text, trigger_name text, moment text, level text, function_name text
) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    definition text := audit_trail_trigger_definition(
        table_name, trigger_name, moment, level, function_name);
BEGIN
    PERFORM 1 FROM pg_trigger
      WHERE tgrelid = to_regclass(quote_ident(table_name)) AND tgname = trigger_name
            AND tgenabled = 'A' AND pg_get_triggerdef(oid, TRUE) = definition;
    IF FOUND THEN
        RETURN FALSE;
    END IF;
    EXECUTE format('DROP TRIGGER IF EXISTS %I ON %I', trigger_name, table_name);
    EXECUTE definition;
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', table_name, trigger_name);
    RETURN TRUE;
END
$$;

-- The two triggers of a tracked table.
CREATE OR REPLACE FUNCTION audit_trail_track(table_name text) RETURNS boolean
LANGUAGE sql AS $$
    SELECT bool_or(audit_trail_ensure_trigger(
               wanted.table_name, wanted.trigger_name, wanted.moment, wanted.level,
               wanted.function_name))
      FROM audit_trail_wanted_triggers() wanted
     WHERE NOT wanted.is_evidence AND wanted.table_name = audit_trail_track.table_name
$$;

-- At the start of Odoo what is missing is repaired and told; the first time nothing is.
SELECT audit_trail_protect()
 WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'audit_trail_entry'::regclass);
