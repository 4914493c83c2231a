-- What the parts of queue/work-jobs share, beside the names of their keys.
local prefix, now, maxJobBytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[5])

-- A queue that keeps no events gets none.
local maxEvents = rcall("HGET", metaKey, "opts.maxLenEvents")
local addEvent = maxEvents == "0" and function() end or function(...) rcall("XADD", eventsKey, "*", ...) end
