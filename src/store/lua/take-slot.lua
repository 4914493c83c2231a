--[[
  Gives a message the next moment at which its number may send, so that neither the number nor the pair of number and
  recipient goes beyond its rate, over all processes. Slots of a number are spaced evenly. A pair has a burst; beyond it each
  message gets a turn of its own, which is kept for it.

  KEYS
    1 slot: the number's next free moment, in us since 1970
    2 pair: up to when the pair has used its rate, in us since 1970
    3 turns: the turns that are kept, a hash from message to us since 1970
  ARGV
    1 the message's id
    2 the time between two slots, in us; 0: no limit
    3 how far ahead a slot may be, in us
    4 the time between two messages of a pair, in us; 0: no limit
    5 how much of it a pair may use ahead, in us: the burst less one, times that
  Returns
    {"slot", when it may be sent, in us since 1970}
    {"ahead", in how many us to ask again}: no slot is near; nothing was taken
    {"pair", in how many us to ask again}: it has a turn then
]]
local rcall = redis.call
local id, interval, maxAhead = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local pairInterval, pairAhead = tonumber(ARGV[4]), tonumber(ARGV[5])
local clock = rcall("TIME")
local now = clock[1] * 1000000 + clock[2]

-- Kept for as long as it says something; in full digits, which tostring() would not give.
local function keep(key, time)
  rcall("SET", key, string.format("%.0f", time), "PX", math.ceil((time - now) / 1000) + 1000)
end

local slot = math.max(now, tonumber(rcall("GET", KEYS[1]) or 0))
if slot - now > maxAhead then return { "ahead", slot - now - maxAhead } end

if pairInterval > 0 then
  local turn = tonumber(rcall("HGET", KEYS[3], id) or -1)
  if turn >= 0 then
    if turn > slot then return { "pair", turn - now } end
    rcall("HDEL", KEYS[3], id)
  else
    local used = math.max(slot, tonumber(rcall("GET", KEYS[2]) or 0))
    keep(KEYS[2], used + pairInterval)
    turn = used - pairAhead
    if turn > slot then
      rcall("HSET", KEYS[3], id, string.format("%.0f", turn))
      -- Turns that nobody comes for, as of a message that was cancelled, go with the last one.
      rcall("PEXPIRE", KEYS[3], math.ceil((turn - now) / 1000) + 3600000)
      return { "pair", turn - now }
    end
  end
end

if interval > 0 then keep(KEYS[1], slot + interval) end
return { "slot", slot }
