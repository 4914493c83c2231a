--[[
  Keeps a number from sending for a while, on top of what its rate allows.

  KEYS
    1 slot: the number's next free moment, in us since 1970
  ARGV
    1 for how long, in us
  Returns
    nothing
]]
local clock = redis.call("TIME")
local now = clock[1] * 1000000 + clock[2]
local slot = now + tonumber(ARGV[1])
if slot <= tonumber(redis.call("GET", KEYS[1]) or 0) then return end
redis.call("SET", KEYS[1], string.format("%.0f", slot), "PX", math.ceil(ARGV[1] / 1000) + 1000)
