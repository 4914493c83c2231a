-- The installation that this database belongs to. Each Redis carries the same id, so that a host whose stores do not belong
-- together is found out. There is one row.
CREATE TABLE installation (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  created_at timestamptz NOT NULL DEFAULT now(),
  -- When a delivery process last saw the id in its queues' Redis.
  queue_seen_at timestamptz
);
CREATE UNIQUE INDEX installation_is_one ON installation ((true));
INSERT INTO installation DEFAULT VALUES;

-- The hosts that use the database, and those of their settings that must be equal, or that the others need to know.
CREATE TABLE hosts (
  name text PRIMARY KEY,
  settings jsonb NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now()
);
