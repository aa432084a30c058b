-- What a marks file writes goes the same way as what a marker writes, without a token.

CREATE OR REPLACE FUNCTION marking_conflict(wanted text, account text, given uuid) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    held copy_lock;
BEGIN
    IF copy_is_taken(wanted) THEN
        RETURN 'already_graded';
    END IF;
    SELECT * INTO held FROM copy_lock WHERE copy_id = wanted;
    IF given IS NULL THEN
        RETURN CASE WHEN held.expires_at > clock_timestamp() THEN 'already_locked' END;
    END IF;
    RETURN CASE
        WHEN held.copy_id IS NULL THEN 'missing'
        WHEN held.account_id <> account THEN 'owner_mismatch'
        WHEN held.token <> given THEN 'token_mismatch'
        WHEN held.expires_at <= clock_timestamp() THEN 'expired'
    END;
END
$$;
COMMENT ON FUNCTION marking_conflict IS
    'why the account may not write on the copy; NULL: it may. No token: it may while nobody holds it';
