-- History of the analytics: what the roll-up has moved out of Redis, an hour at a time.

-- A series is what is counted: events of a name by one dimension's value. The total of a name has neither ('', '').
CREATE TABLE analytics_series (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  dimension text NOT NULL,
  value text NOT NULL,
  UNIQUE (name, dimension, value)
);

-- Sixty minutes a row; the arrays have an item for each. `totals` is null where no event of the hour had a value.
-- The partitions, a month each, are made by src/store/postgres/partitions.ts.
CREATE TABLE analytics_hours (
  series_id bigint NOT NULL,
  hour timestamptz NOT NULL,
  events bigint NOT NULL,
  total double precision NOT NULL,
  minutes integer[] NOT NULL CHECK (cardinality(minutes) = 60),
  totals double precision[] CHECK (cardinality(totals) = 60),
  PRIMARY KEY (series_id, hour)
) PARTITION BY RANGE (hour);

-- The different subjects of a name: themselves while they are few, a HyperLogLog (Redis' own bytes) past that.
-- A day's row merges its hours.
CREATE TABLE analytics_uniques (
  name text NOT NULL,
  span text NOT NULL CHECK (span IN ('hour', 'day')),
  start timestamptz NOT NULL,
  subjects text[],
  hll bytea,
  PRIMARY KEY (name, span, start),
  CHECK (num_nonnulls(subjects, hll) = 1)
) PARTITION BY RANGE (start);

-- One row, the watermark: every hour before it is in history, none from it on is read from there.
-- It begins a week ago: further back than any hour that Redis may still hold. Hours without events only advance it.
CREATE TABLE analytics_rollup (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  rolled_until timestamptz NOT NULL
);
INSERT INTO analytics_rollup (rolled_until) VALUES (date_trunc('hour', now(), 'UTC') - interval '7 days');
