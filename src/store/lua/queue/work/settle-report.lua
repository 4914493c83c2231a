--[[
  Applies one report or update of a worker, and says what it did. Part of queue/work-jobs: uses its variables, `settle` and
  `update`.
]]

-- Makes a job that could not be settled active again, as it was.
local function giveBack(id, token)
  if not findSettled(id, token) then return end
  settled[token] = nil
  freedLocks[#freedLocks], freedIds[#freedIds] = nil, nil
  rcall("LPUSH", activeKey, id)
end

-- Reports that would let the job run again.
local isReturn = { f = true, r = true, d = true, l = true, u = true }
local cancelOrders

-- Why the job is to stop, if it was cancelled under the token; else nil.
local function findCancelReason(token)
  cancelOrders = cancelOrders or readCancelOrders(prefix .. "posta-cancels")
  local order = cancelOrders[token]
  return order and cjson.decode(order)[3]
end

-- A job that was cancelled does not run again: what would bring it back in line fails it for good, with the worker's own
-- failure if there is one. Returns the kind and its fields.
local function obeyCancel(kind, a, b, c, d, token)
  local reason = isReturn[kind] and findCancelReason(token)
  if not reason then return kind, a, b, c, d end
  if kind == "u" then return "x", reason, "", "", 0 end
  return "f", kind == "f" and a or toCancelFailure(reason), kind == "f" and b or "", "u", 0
end

local function trySettle(kind, a, b, c, d, id, token)
  local jobKey = prefix .. id
  if update[kind] then
    if not holds(id, jobKey, token) then return LEASE_LOST end
    update[kind](id, jobKey, a)
    return APPLIED
  end
  if kind == "c" and rcall("EXISTS", jobKey .. ":dependencies", jobKey .. ":unsuccessful") > 0 then
    if rcall("EXISTS", jobKey .. ":dependencies") > 0 then return CHILDREN_PENDING end
    return CHILDREN_FAILED
  end
  -- The worker has shown the job to another session since.
  if kind == "u" and rcall("EXISTS", resumedKey(prefix, token)) == 1 then return LEASE_LOST end
  local verdict = takeBack(id, jobKey, token, withdraw[kind] and LEASE_LOST or ALREADY_APPLIED)
  if verdict then return verdict end
  kind, a, b, c, d = obeyCancel(kind, a, b, c, d, token)
  local apply = withdraw[kind] or settle[kind]
  apply(id, jobKey, token, a, b, c, d)
  return APPLIED
end

-- Returns the verdict. A job that cannot be settled, as another program wrote something odd into it, harms no other.
local function settleReport(...)
  local isDone, verdict = pcall(trySettle, ...)
  if isDone then return verdict end
  local id, token = select(6, ...)
  giveBack(id, token)
  return BROKEN
end
