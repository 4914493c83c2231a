-- Days are dropped by their age, and were written one after the other: this finds them by some bytes for each megabyte.
CREATE INDEX analytics_days_day ON analytics_days USING brin (day) WITH (autosummarize = on);
