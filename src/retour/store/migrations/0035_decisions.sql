-- What was decided with a return is only ever read whole: as it was written it is a third smaller and read in a third of
-- the time. What is there stays as it is; only what comes is written so, and no row is written anew.
ALTER TABLE rma RENAME COLUMN decision TO decision_before;
ALTER TABLE rma ALTER COLUMN decision_before DROP NOT NULL;
ALTER TABLE rma ADD COLUMN decision json;
ALTER TABLE rma ADD CONSTRAINT rma_is_decided CHECK (decision IS NOT NULL OR decision_before IS NOT NULL) NOT VALID;
