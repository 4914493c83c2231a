--[[
  Extends leases of a queue's jobs, as BullMQ 6.7.0's extendLocks does. A lease that has ended is extended if the job is
  still active and nobody has taken it since. Comes after holder.lua.

  KEYS  1 stalled  2 active  3 jobs that are being cancelled
  ARGV
    1 the start of the queue's keys, "bull:emails:"
    2 the leases as one MessagePack list; of each, in order: id, token, how long from now in ms
    3 "1" if their worker shows that it has them: then a session that has ended does not put them back
  Returns
    1 a digit for each lease: 1 it is held, 0 it is lost
    2 of each that is held and is to be cancelled: its place among the leases, from 1; and its cancel order as cancel-job.lua
      wrote it
]]
local rcall = redis.call
local leases = cmsgpack.unpack(ARGV[2])

local lockKeys = {}
for index = 1, #leases, 3 do lockKeys[#lockKeys + 1] = ARGV[1] .. leases[index] .. ":lock" end
local locks = rcall("MGET", unpack(lockKeys))

local orders = readCancelOrders(KEYS[3])
local results, cancelled, heldIds = {}, {}, {}
for index = 1, #leases, 3 do
  local id, token, leaseMs = unpack(leases, index, index + 2)
  local place = #results + 1
  local held = findHolder(locks[place], KEYS[2], id, ARGV[1] .. id) == token
  if held then
    rcall("SET", lockKeys[place], token, "PX", leaseMs)
    heldIds[#heldIds + 1] = id
    if ARGV[3] == "1" then rcall("SET", resumedKey(ARGV[1], token), "", "PX", resumedMs) end
  end
  results[place] = held and "1" or "0"
  if held and orders[token] then
    cancelled[#cancelled + 1] = place
    cancelled[#cancelled + 1] = orders[token]
  end
end
if #heldIds > 0 then rcall("SREM", KEYS[1], unpack(heldIds)) end
return { table.concat(results), cancelled }
