--[[
  Reads a page of a name's last events, so that those that come in meanwhile do not shift the pages that follow.

  KEYS
    1 the list, newest first  2 how many were ever pushed to it
  ARGV
    1 the number of the event after which to go on, counted from the first that was ever pushed; "" for the newest
    2 how many events at most
  Returns
    the number of the page's first event, then the events
]]
local pushed = tonumber(redis.call("GET", KEYS[2]) or 0)
local after = tonumber(ARGV[1])
local from = after and math.max(0, pushed - after + 1) or 0
return { pushed - from, unpack(redis.call("LRANGE", KEYS[1], from, from + ARGV[2] - 1)) }
