--[[
  Reads a page of a name's last events, so that those that come in meanwhile do not shift the pages that follow.

  KEYS
    1 the list, newest first  2 how many were ever pushed to it
  ARGV
    1 the number of the event after which to go on, counted from the first that was ever pushed; "" for the newest
    2 how many events at most  3 how many had been pushed when the caller last read this page; "" if it has not
  Returns
    nothing if no more have been pushed since then; else how many were, the number of the page's first event, the events
]]
local pushed = tonumber(redis.call("GET", KEYS[2]) or 0)
if pushed == tonumber(ARGV[3]) then return {} end
local after = tonumber(ARGV[1])
local from = after and math.max(0, pushed - after + 1) or 0
return { pushed, pushed - from, unpack(redis.call("LRANGE", KEYS[1], from, from + ARGV[2] - 1)) }
