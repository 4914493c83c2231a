-- Messages, what happened to them, and what still has to be done for them.
--
-- Ids are UUIDv7: they begin with the time, so tables that are parted by id are parted by month, an id alone finds its
-- partition, and an index that ends with the id is in the order of time. The partitions are made and dropped by
-- src/store/postgres/partitions.ts.

-- `status` is a number of MessageStatus in proto/posta/message/v1/message.proto. `body` is the request to the Cloud API.
-- `claim` is made anew for each attempt: only who made it may say what became of the attempt.
CREATE TABLE messages (
  id uuid PRIMARY KEY,
  sender text NOT NULL,
  recipient text NOT NULL,
  type text NOT NULL,
  body text NOT NULL,
  priority smallint NOT NULL,
  resend boolean NOT NULL,
  idempotency_key text,
  send_at timestamptz NOT NULL,
  expires_at timestamptz,
  status smallint NOT NULL,
  status_at timestamptz NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  claim uuid,
  wamid text,
  error_code integer,
  error text
) PARTITION BY RANGE (id);
CREATE INDEX messages_recipient ON messages (recipient, id);
CREATE INDEX messages_status ON messages (status, id);
CREATE INDEX messages_expiry ON messages (expires_at) WHERE status = 10 AND expires_at IS NOT NULL;

CREATE SEQUENCE message_event_numbers CACHE 100;
CREATE TABLE message_events (
  message_id uuid NOT NULL,
  number bigint NOT NULL DEFAULT nextval('message_event_numbers'),
  at timestamptz NOT NULL DEFAULT now(),
  status smallint NOT NULL,
  attempt integer NOT NULL DEFAULT 0,
  error_code integer,
  detail text,
  wamid text,
  PRIMARY KEY (message_id, number)
) PARTITION BY RANGE (message_id);
-- What WhatsApp tells comes again and again: `wamid` is only set for that, and each step of a wamid is here once.
CREATE UNIQUE INDEX message_events_told ON message_events (message_id, wamid, status) WHERE wamid IS NOT NULL;

-- Which idempotency keys are taken, and by what: a hash of the message tells a repetition from another message.
CREATE TABLE message_keys (
  sender text NOT NULL,
  key text NOT NULL,
  message_id uuid NOT NULL,
  digest bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (sender, key)
);
CREATE INDEX message_keys_created ON message_keys (created_at);

-- A row for each message that is still to be sent. `moved_at` is when it was last put into its BullMQ queue; the row goes
-- when the message is settled, so that one that Redis forgot is put there again. `turn` counts how often it was put back
-- here: it is part of the job's id, so that a job of an earlier turn neither stands in the way nor does anything. `tried` is
-- how many attempts were used up, `pair_limits` how often WhatsApp said that the recipient gets too many.
CREATE TABLE outbox (
  message_id uuid PRIMARY KEY,
  sender text NOT NULL,
  priority smallint NOT NULL,
  due_at timestamptz NOT NULL,
  moved_at timestamptz,
  turn integer NOT NULL DEFAULT 0,
  tried integer NOT NULL DEFAULT 0,
  pair_limits integer NOT NULL DEFAULT 0
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
CREATE INDEX outbox_due ON outbox (sender, priority, due_at, message_id) WHERE moved_at IS NULL;
CREATE INDEX outbox_moved ON outbox (moved_at) WHERE moved_at IS NOT NULL;

-- What was given up: a message (source: its sending number) or a job (source: its queue). A job's id here is made from
-- the job and its end, so that it is put here once.
CREATE TABLE dead_letters (
  id uuid PRIMARY KEY,
  kind smallint NOT NULL,
  source text NOT NULL,
  ref text NOT NULL,
  reason text NOT NULL,
  error_code integer,
  content text NOT NULL,
  options text,
  history text NOT NULL,
  failed_at timestamptz NOT NULL,
  redriven_at timestamptz
) PARTITION BY RANGE (id);
CREATE INDEX dead_letters_kind ON dead_letters (kind, id);
CREATE INDEX dead_letters_source ON dead_letters (kind, source, id);

-- Up to where the failed jobs of a queue have been put into dead_letters: their time of ending, in milliseconds.
CREATE TABLE dead_letter_cursors (
  queue text PRIMARY KEY,
  finished_until bigint NOT NULL
);

-- What people wrote to our numbers.
CREATE TABLE inbound_messages (
  wamid text NOT NULL,
  sender text NOT NULL,
  contact text NOT NULL,
  at timestamptz NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (wamid, at)
) PARTITION BY RANGE (at);

-- Jobs that the queue's Redis could not take, or whose callers wanted them here first. They go into BullMQ in the order of
-- `seq`. `moved_at` is when: the row goes when Redis has kept the job for longer than appendfsync everysec may lose it.
CREATE TABLE spool (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue text NOT NULL,
  job_id text NOT NULL,
  name text NOT NULL,
  data text NOT NULL,
  options text NOT NULL,
  redrive boolean NOT NULL DEFAULT false,
  spooled_at timestamptz NOT NULL DEFAULT now(),
  moved_at timestamptz
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
CREATE INDEX spool_waiting ON spool (seq) WHERE moved_at IS NULL;
CREATE INDEX spool_moved ON spool (seq) WHERE moved_at IS NOT NULL;
