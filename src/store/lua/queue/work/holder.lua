--[[
  Who holds a job. Goes before the other scripts of queue/work.

  A lease is BullMQ's lock of the job. Redis removes the lock when the lease ends, and the job is still its worker's until
  somebody takes it. So the job keeps whose the lease was, in the field `posta-lease`, with the time at which it began.
  BullMQ's operations leave that field as it is, but change the job's `processedOn`: then the field is not valid any more. A
  number of the attempt would not do, as a job that is redriven begins at 1 again.
]]
local leaseField = "posta-lease"

-- The cancel orders of a queue, as cancel-job.lua writes them, by the token of their leases.
local function readCancelOrders(key)
  local orders = {}
  for _, order in ipairs(redis.call("ZRANGE", key, 0, -1)) do orders[cjson.decode(order)[2]] = order end
  return orders
end

-- How long it is remembered that a worker has named a lease itself, in ms. The session that the worker left may end a whole
-- lease after its last message: that is longer than the longest lease.
local resumedMs = 3660000

local function resumedKey(prefix, token)
  return prefix .. "posta-resumed:" .. token
end

local function toLeaseMark(token, begun)
  return token .. ":" .. begun
end

-- The token of the lease that began last on a job, whatever became of the job since; nil: it was none of Posta's.
local function findLastToken(jobKey)
  -- The id may be that of another key of the queue, which is no hash.
  local found = redis.pcall("HMGET", jobKey, leaseField, "processedOn")
  if found.err or not found[1] or not found[2] then return nil end
  local token = string.match(found[1], "^(.*):%d+$")
  return token and found[1] == toLeaseMark(token, found[2]) and token or nil
end

-- The token of who holds a job now; nil: nobody. `lock`: the job's lock; false: it has none.
local function findHolder(lock, activeKey, id, jobKey)
  if lock then return lock end
  local token = findLastToken(jobKey)
  return token and redis.call("LPOS", activeKey, id) and token or nil
end
