-- After 0030, which makes audit_event anew: what one person did, newest first, at once.

CREATE INDEX audit_event_by_actor ON audit_event (actor, event_id);

CREATE OR REPLACE FUNCTION copy_may_be_arranged(wanted text) RETURNS boolean
LANGUAGE sql VOLATILE AS $$
    SELECT status = 'QUARANTINE' OR (status = 'READY' AND NOT copy_is_touched(copy_id))
    FROM copy WHERE copy_id = wanted FOR NO KEY UPDATE
$$;
