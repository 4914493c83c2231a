--[[
  Settles one report of a worker on a job: what BullMQ 6.7.0's moveToFinished, retryJob, moveToDelayed and
  moveJobFromActiveToWait do. Differences: a job whose lock has expired may still be settled while nobody has taken it
  since, and a report that comes twice is known. Part of queue/work-jobs: uses its variables, and functions of BullMQ.
]]

-- Verdicts of a report.
local APPLIED, ALREADY_APPLIED, LEASE_LOST, CHILDREN_PENDING, CHILDREN_FAILED, BROKEN = "0", "1", "2", "3", "4", "5"

-- How long the settlement of a job that leaves no trace of its own is remembered.
local ledgerMs = 600000

local function ledgerKey(token)
  return prefix .. "posta-settled:" .. token
end

local function remember(token)
  rcall("SET", ledgerKey(token), "", "PX", ledgerMs)
end

-- What is done once for all jobs of a batch: locks to remove, ids that are no longer stalled, finished jobs by their set, and
-- the retentions that these ask for.
local freedLocks, freedIds, finishedIn, retentions = {}, {}, {}, {}
-- Values for one command: Lua passes at most some 8000. Even, as sorted sets take pairs.
local slice = 1000

local function retainLater(target, keep)
  local key = target .. ":" .. tostring(keep.age) .. ":" .. tostring(keep.count) .. ":" .. tostring(keep.limit)
  retentions[key] = { target = target, keep = keep }
end

local function finishLater(target, id)
  local members = finishedIn[target] or {}
  finishedIn[target] = members
  members[#members + 1] = now
  members[#members + 1] = id
end

-- Does what was left for later. Before a lease, as it may be of a job that has just been given back.
local function flush()
  for from = 1, #freedIds, slice do
    local to = math.min(from + slice - 1, #freedIds)
    rcall("DEL", unpack(freedLocks, from, to))
    rcall("SREM", stalledKey, unpack(freedIds, from, to))
  end
  freedLocks, freedIds = {}, {}
  for target, members in pairs(finishedIn) do
    for from = 1, #members, slice do
      rcall("ZADD", target, unpack(members, from, math.min(from + slice - 1, #members)))
    end
  end
  for _, retention in pairs(retentions) do
    local target, keep = retention.target, retention.keep
    if keep.age then removeJobsByMaxAge(now, keep.age, target, prefix, keep.limit or 1000) end
    if keep.count and keep.count > 0 then removeJobsByMaxCount(keep.count, target, prefix) end
  end
  finishedIn, retentions = {}, {}
end

-- Options of jobs, by their text without the job's own id: those of most jobs are the same.
local knownOptions = {}

local function readOptions(json)
  -- Other programs may have written anything there.
  if not json then return {} end
  local head = string.match(json, '^(.*),"jobId":"[^"]*"}$') or json
  local known = knownOptions[head]
  if not known then
    local isJson, value = pcall(cjson.decode, json)
    known = isJson and type(value) == "table" and value or {}
    knownOptions[head] = known
  end
  return known
end

-- An option "removeOnComplete" or "removeOnFail" as what to keep. A count of 0 keeps nothing; of -1: everything.
local function toKeep(option)
  if type(option) == "table" then
    return { age = tonumber(option.age), count = tonumber(option.count), limit = tonumber(option.limit) }
  end
  if type(option) == "number" then return { count = option } end
  return { count = option == true and 0 or -1 }
end

-- The lock of each job that is reported on, read at once.
local locks = {}

local function readLocks(ids)
  local keys = {}
  for index, id in ipairs(ids) do keys[index] = prefix .. id .. ":lock" end
  for index, lock in ipairs(rcall("MGET", unpack(keys))) do locks[ids[index]] = lock end
end

-- Tokens whose jobs were settled in this run: the job's id, and the verdict of what is said under the token later.
local settled = {}

local function findSettled(id, token)
  local found = settled[token]
  return found and found.id == id and found.verdict or nil
end

-- Takes a job from the worker that reports. `later`: the verdict of what is said under the token later. Returns a verdict if the
-- report itself comes too late, else nothing.
local function takeBack(id, jobKey, token, later)
  local before = findSettled(id, token)
  if before then return before end
  local lock = locks[id]
  -- A job that was given back may be somebody else's by now.
  if lock and lock ~= token then return rcall("EXISTS", ledgerKey(token)) == 1 and ALREADY_APPLIED or LEASE_LOST end
  if not lock then
    if rcall("EXISTS", ledgerKey(token)) == 1 then return ALREADY_APPLIED end
    if findLastToken(jobKey) ~= token then return LEASE_LOST end
    if rcall("HEXISTS", jobKey, "finishedOn") == 1 then return ALREADY_APPLIED end
  end
  -- From the end of the jobs that began last: a short job does not pay for the long ones.
  if rcall("LREM", activeKey, 1, id) == 0 then return LEASE_LOST end
  freedLocks[#freedLocks + 1] = jobKey .. ":lock"
  freedIds[#freedIds + 1] = id
  settled[token] = { id = id, verdict = later }
end

-- Tells the parent of a finished job, if it has one.
local function tellParent(jobKey, parent, parentKey, target, value)
  if not parentKey then return end
  local parentId, parentQueueKey
  if parent then
    local decoded = cjson.decode(parent)
    parentId, parentQueueKey = decoded.id, decoded.queueKey
  else
    parentId = getJobIdFromKey(parentKey)
    parentQueueKey = getJobKeyPrefix(parentKey, ":" .. parentId)
  end
  if target == "failed" then
    moveChildFromDependenciesIfNeeded(parent, jobKey, value, now)
  elseif rcall("SREM", parentKey .. ":dependencies", jobKey) == 1 then
    updateParentDepsIfNeeded(parentKey, parentQueueKey, parentKey .. ":dependencies", parentId, jobKey, value, now)
  end
end

local finished = 0

-- What finish needs to know of a job.
local function readJob(jobKey)
  local found = rcall("HMGET", jobKey, "opts", "atm", "parent", "parentKey", "deid")
  -- Before anything is written: a parent that cannot be read must not stop the job half-way.
  if found[3] then cjson.decode(found[3]) end
  return {
    opts = readOptions(found[1]), attemptsMade = tonumber(found[2]) or 0,
    parent = found[3], parentKey = found[4], deduplicationId = found[5],
  }
end

-- Makes a job that is no longer active completed or failed. `property`: the field that keeps `value`.
local function finish(id, jobKey, token, target, property, value, job)
  finished = finished + 1
  local targetKey = target == "completed" and completedKey or failedKey
  if job.deduplicationId then
    removeDeduplicationKeyIfNeededOnFinalization(prefix, job.deduplicationId, id)
    requeueDeduplicatedJob(prefix, job.deduplicationId, eventsKey, metaKey, activeKey, waitKey, pausedKey, markerKey,
      prioritizedKey, pcKey, delayedKey, now)
  end
  tellParent(jobKey, job.parent, job.parentKey, target, value)
  local attemptsMade, opts = job.attemptsMade + 1, job.opts
  local keep = toKeep(target == "completed" and opts.removeOnComplete or target == "failed" and opts.removeOnFail)
  if keep.count == 0 then
    removeJobKeys(jobKey)
    if job.parentKey then removeParentDependencyKey(jobKey, false, job.parentKey, job.deduplicationId) end
    if token then remember(token) end
  else
    finishLater(targetKey, id)
    rcall("HSET", jobKey, property, value, "finishedOn", now, "atm", attemptsMade)
    if target == "failed" then rcall("HDEL", jobKey, "defa") end
    retainLater(targetKey, keep)
  end
  addEvent("event", target, "jobId", id, property, value, "prev", "active")
  if target == "failed" and attemptsMade >= (tonumber(opts.attempts) or 0) then
    addEvent("event", "retries-exhausted", "jobId", id, "attemptsMade", attemptsMade)
  end
end

-- Ten years, in milliseconds: no job waits longer.
local longestMs = 315360000000

-- The wait before the next attempt, by the job's own options. `random` is from 0 to 1. A kind that only the job's own worker
-- knows counts as fixed: BullMQ's Worker without that kind cannot settle the job, and lets its lease end.
local function backoffMs(backoff, attemptsMade, random)
  if type(backoff) == "number" then return math.min(backoff, longestMs) end
  if type(backoff) ~= "table" or type(backoff.delay) ~= "number" then return 0 end
  local most = backoff.delay
  if backoff.type == "exponential" then most = math.floor(2 ^ (attemptsMade - 1) * backoff.delay + 0.5) end
  most = math.min(most, longestMs)
  local jitter = type(backoff.jitter) == "number" and backoff.jitter or 0
  if jitter <= 0 then return most end
  return math.floor(random * most * jitter + most * (1 - jitter))
end

-- Puts a job back in line. `toFront`: as the next one.
local function putInLine(id, jobKey, toFront)
  local priority = tonumber(rcall("HGET", jobKey, "priority")) or 0
  local isPausedOrMaxed = isQueuePausedOrMaxed(metaKey, activeKey)
  if priority > 0 and toFront then
    pushBackJobWithPriority(prioritizedKey, priority, id)
  elseif priority > 0 then
    addJobWithPriority(markerKey, prioritizedKey, priority, id, pcKey, isPausedOrMaxed)
  else
    addJobInTargetList(waitKey, markerKey, toFront and "RPUSH" or "LPUSH", isPausedOrMaxed, id)
  end
  addEvent("event", "waiting", "jobId", id, "prev", "active")
end

local function putOff(id, jobKey, delayMs)
  local score, dueTime = getDelayedScore(delayedKey, now, delayMs)
  rcall("HSET", jobKey, "delay", delayMs)
  rcall("ZADD", delayedKey, score, id)
  addEvent("event", "delayed", "jobId", id, "delay", dueTime)
  addDelayMarkerIfNeeded(markerKey, delayedKey)
end

-- Adds a stack, which is JSON text already, to a job's list of stacks.
local function addStack(list, stack, limit)
  if stack == "" then return list or "[]" end
  if limit == 0 then return "[]" end
  local isEmpty = not list or list == "[]" or not string.match(list, "^%[.*%]$")
  local added = isEmpty and "[" .. stack .. "]" or string.sub(list, 1, -2) .. "," .. stack .. "]"
  if not limit then return added end
  local isJson, stacks = pcall(cjson.decode, added)
  if not isJson then return "[" .. stack .. "]" end
  if #stacks <= limit then return added end
  local last = {}
  for index = #stacks - limit + 1, #stacks do last[#last + 1] = stacks[index] end
  return cjson.encode(last)
end

-- A failed attempt: another one, now or later, or the end. `how`: "" by the job's options, "u" for good, else the wait in ms.
local function fail(id, jobKey, token, reason, stack, how, random)
  local job = readJob(jobKey)
  local opts, attemptsMade = job.opts, job.attemptsMade + 1
  local stacktrace = addStack(rcall("HGET", jobKey, "stacktrace"), stack, tonumber(opts.stackTraceLimit))
  rcall("HSET", jobKey, "failedReason", reason, "stacktrace", stacktrace)
  if how == "u" or attemptsMade >= (tonumber(opts.attempts) or 0) then
    return finish(id, jobKey, token, "failed", "failedReason", reason, job)
  end
  remember(token)
  local delayMs = tonumber(how) or backoffMs(opts.backoff, attemptsMade, random)
  rcall("HINCRBY", jobKey, "atm", 1)
  if delayMs > 0 then putOff(id, jobKey, delayMs) else putInLine(id, jobKey, opts.lifo == true) end
end

-- A report's kind, as the first of its fields, with what it does to a job that was taken back.
local settle = {
  c = function(id, jobKey, token, value)
    finish(id, jobKey, token, "completed", "returnvalue", value, readJob(jobKey))
  end,
  f = fail,
  -- Given back: next in line, and the attempt does not count.
  r = function(id, jobKey, token)
    remember(token)
    putInLine(id, jobKey, true)
  end,
  -- Put off: the attempt does not count.
  d = function(id, jobKey, token, delayMs)
    remember(token)
    putOff(id, jobKey, delayMs)
  end,
  -- Rate-limited: next in line, and the queue hands out nothing for so long.
  l = function(id, jobKey, token, limitMs)
    remember(token)
    putInLine(id, jobKey, true)
    rcall("SET", limiterKey, 9007199254740991, "PX", limitMs)
  end,
}

-- What the failure of a cancelled job says. `reason`: of the order.
local function toCancelFailure(reason)
  return reason == "" and "cancelled" or "cancelled: " .. reason
end

-- What Posta itself says of a job, with what it does to it. The worker did not say it: a report of its own comes too late.
local withdraw = {
  -- No worker has seen it: next in line.
  u = function(id, jobKey) putInLine(id, jobKey, true) end,
  -- Its worker has not stopped, though it was told to: it fails for good.
  x = function(id, jobKey, _, reason)
    rcall("HDEL", jobKey, leaseField)
    fail(id, jobKey, nil, toCancelFailure(reason), "", "u")
  end,
}
