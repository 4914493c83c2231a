--[[
  Gives a message its turn among those from one number to one recipient: at once while they are no more than a burst, and
  beyond that one each interval. A turn that is not yet is kept for the message until it comes for it.

  KEYS
    1 pair: up to when the pair has used its rate, in us since 1970
    2 turns: the turns that are kept, a hash from message to us since 1970
  ARGV
    1 the message's id
    2 the interval, in us
    3 how much of its rate the pair may use ahead, in us
  Returns
    in how many us the message has its turn; 0: now
]]
local rcall = redis.call
local id, interval, ahead = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = rcall("TIME")
local now = clock[1] * 1000000 + clock[2]

local kept = tonumber(rcall("HGET", KEYS[2], id) or -1)
if kept > now then return math.ceil(kept - now) end
if kept >= 0 then
  rcall("HDEL", KEYS[2], id)
  return 0
end

local used = math.max(now, tonumber(rcall("GET", KEYS[1]) or 0))
-- In full digits, which tostring() would not give.
rcall("SET", KEYS[1], string.format("%.0f", used + interval), "PX", math.ceil((used + interval - now) / 1000))
local turn = used - ahead
if turn <= now then return 0 end
rcall("HSET", KEYS[2], id, string.format("%.0f", turn))
-- Turns that nobody comes for, as that of a message that was cancelled, go an hour after the last one.
rcall("PEXPIRE", KEYS[2], math.ceil((turn - now) / 1000) + 3600000)
return math.ceil(turn - now)
