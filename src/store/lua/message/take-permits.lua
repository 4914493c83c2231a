--[[
  Gives a number leave to send so many messages now, so that over all processes it never sends more in any window than it
  may. Permits come evenly; what was missed, by a process that was late, may be caught up with.

  KEYS
    1 pace: up to when the number has used its rate, in us since 1970
    2 log: when what the last permits were for was sent, the oldest first, in us since 1970
    3 hold: is there while the number is to send nothing
  ARGV
    1 how many are wanted
    2 how many a window may have; 0: no limit
    3 the window, in us
    4 the time between two permits, in us, a little over the window's part  5 how much of it may be caught up with, in us
    6 how much later than now they may be there, in us: they count as sent then
    7 how many of the permits given before were not used  8 when those counted as sent, in us since 1970
  Returns
    how many may be sent now, in how many us the next may, when they count as sent, and when they were given, both in us since
    1970
]]
local rcall = redis.call
local wanted, most, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local interval, lag = tonumber(ARGV[4]), tonumber(ARGV[5])
local unused = tonumber(ARGV[7])
if unused > 0 then unused = rcall("LREM", KEYS[2], -unused, ARGV[8]) end
local held = rcall("PTTL", KEYS[3])
if held > 0 then return { 0, held * 1000, 0, 0 } end
if most == 0 then return { wanted, 0, 0, 0 } end

local clock = rcall("TIME")
local now = clock[1] * 1000000 + clock[2]
-- A number that has rested has nothing to catch up with.
local pace = tonumber(rcall("GET", KEYS[1]) or now + lag) - unused * interval
-- The permit that the next one of the same window must be a window away from.
local function oldest()
  return tonumber(rcall("LINDEX", KEYS[2], -most) or 0)
end

local given, sent = 0, now + ARGV[6]
while given < wanted and pace - lag <= now and oldest() + window <= now do
  pace = pace + interval
  -- In full digits, which tostring() would not give.
  rcall("RPUSH", KEYS[2], string.format("%.0f", sent))
  given = given + 1
end
if given + unused > 0 then
  rcall("SET", KEYS[1], string.format("%.0f", pace), "PX", math.max(1, math.ceil((pace - now) / 1000)))
  rcall("LTRIM", KEYS[2], -most, -1)
  rcall("PEXPIRE", KEYS[2], math.ceil(window / 1000) + 1)
end
return { given, math.max(0, math.ceil(pace - lag - now), oldest() + window - now), sent, now }
