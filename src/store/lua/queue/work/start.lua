-- What the parts of queue/work-jobs share, beside the names of their keys.
local prefix, maxJobBytes = ARGV[1], tonumber(ARGV[4])

-- The time in ms since 1970, by Redis' clock: the clocks of servers differ, and would put jobs off for different times.
local clock = rcall("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- A queue that keeps no events gets none.
local maxEvents = rcall("HGET", metaKey, "opts.maxLenEvents")
local addEvent = maxEvents == "0" and function() end or function(...) rcall("XADD", eventsKey, "*", ...) end
