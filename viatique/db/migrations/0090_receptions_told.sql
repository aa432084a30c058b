-- Exams made and files received leave an event too. Exams and files older than this one have none:
-- the time it was applied at is where the completeness check begins (viatique.db.receptions).
ALTER TYPE audit_action ADD VALUE 'CREATE_EXAM' BEFORE 'IMPORT';
ALTER TYPE audit_action ADD VALUE 'RECEIVE' BEFORE 'IMPORT';
