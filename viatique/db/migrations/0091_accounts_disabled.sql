-- Somebody who left keeps their account, which events and marks refer to, and gets in no more.
ALTER TABLE account ADD COLUMN disabled_at timestamptz;
COMMENT ON COLUMN account.disabled_at IS
    'since when neither password, provider, session nor token of it counts';
