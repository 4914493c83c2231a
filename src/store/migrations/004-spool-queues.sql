-- How far each queue's jobs have come is asked by queue: one that Redis cannot add to must not look like the end of all.
CREATE INDEX spool_waiting_queue ON spool (queue, seq) WHERE moved_at IS NULL;
