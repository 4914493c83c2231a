--[[
  Closes the hours before one: nothing is written into them from here on. Hours that are closed stay so.

  KEYS
    1 the first hour that may still be written
  ARGV
    1 the hour  2 how long to remember it, in ms
  Returns
    the first hour that may still be written
]]
local hour = math.max(tonumber(ARGV[1]), tonumber(redis.call("GET", KEYS[1]) or 0))
redis.call("SET", KEYS[1], string.format("%d", hour), "PX", ARGV[2])
return hour
