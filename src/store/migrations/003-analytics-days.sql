-- Sums of whole days, so that a range of months is some thirty rows a series instead of seven hundred.

-- A row is written when its day is in analytics_hours for good. All that is read of it is in the index: a series' days lie
-- side by side there, and far apart in the table, which grows day by day.
CREATE TABLE analytics_days (
  series_id bigint NOT NULL,
  day timestamptz NOT NULL,
  events bigint NOT NULL,
  total double precision NOT NULL,
  PRIMARY KEY (series_id, day) INCLUDE (events, total)
);

-- Of hours the same, but for the minutes.
ALTER TABLE analytics_hours DROP CONSTRAINT analytics_hours_pkey;
ALTER TABLE analytics_hours ADD PRIMARY KEY (series_id, hour) INCLUDE (events, total);
-- A day's hours were written one after the other: this finds them by some bytes for each megabyte.
CREATE INDEX analytics_hours_hour ON analytics_hours USING brin (hour) WITH (autosummarize = on);

-- Days before this one are in analytics_days; the roll-up catches up. A Posta from before this may still lead for a while.
ALTER TABLE analytics_rollup ADD COLUMN days_until timestamptz;
UPDATE analytics_rollup SET days_until =
  date_trunc('day', coalesce((SELECT min(hour) FROM analytics_hours), rolled_until), 'UTC');
ALTER TABLE analytics_rollup ALTER COLUMN days_until SET NOT NULL;
