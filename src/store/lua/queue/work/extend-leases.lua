--[[
  Extends leases of a queue's jobs, as BullMQ 6.7.0's extendLocks does. A lease that has ended is extended if the job is
  still active and nobody has taken it since.

  KEYS  1 stalled  2 active
  ARGV
    1 the start of the queue's keys, "bull:emails:"
    2 the leases as one MessagePack list; of each, in order: id, token, attempt, how long from now in ms
    3 "1" if their worker shows that it has them: then a session that has ended does not put them back
  Returns a digit for each lease: 1 it is held, 0 it is lost
]]
local rcall = redis.call
local leases = cmsgpack.unpack(ARGV[2])

local function isHeld(id, token, attempt)
  local jobKey = ARGV[1] .. id
  local lock = redis.pcall("GET", jobKey .. ":lock")
  if type(lock) == "table" then return false end
  if lock then return lock == token end
  -- The id may be that of another key of the queue, which is no hash.
  return redis.pcall("HGET", jobKey, "ats") == attempt and rcall("LPOS", KEYS[2], id) ~= false
end

local results = {}
for index = 1, #leases, 4 do
  local id, token, attempt, leaseMs = unpack(leases, index, index + 3)
  local held = isHeld(id, token, attempt)
  if held then
    rcall("SET", ARGV[1] .. id .. ":lock", token, "PX", leaseMs)
    rcall("SREM", KEYS[1], id)
    if ARGV[3] == "1" then rcall("SET", ARGV[1] .. "posta-resumed:" .. token, "", "PX", 600000) end
  end
  results[#results + 1] = held and "1" or "0"
end
return table.concat(results)
