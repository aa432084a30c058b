-- A roster can be put right after the exam was created; each change leaves an event.

ALTER TYPE audit_action ADD VALUE IF NOT EXISTS 'ROSTER' BEFORE 'IMPORT';
