--[[
  Leases jobs of a queue to workers: what BullMQ 6.7.0's moveToActive does for each job, with what is the same for all of
  them done once. Part of queue/work-jobs: uses its variables, and functions of BullMQ.
]]

-- What a worker gets of a job. The first three must stay the first.
local leasedFields = { "name", "data", "defa", "opts", "ats", "atm", "priority", "timestamp", "progress", "stc", "rjk" }

-- Starts the time after which a limit's count ends.
local function startLimit(limitMs)
  rcall("PEXPIRE", limiterKey, math.floor(math.abs(limitMs or 0)))
end

-- How many jobs may be leased now, and how long the rate limit lasts if that is why none may.
local function findRoom()
  local meta = rcall("HMGET", metaKey, "paused", "concurrency", "max", "duration")
  local isPaused, concurrency, max = meta[1], tonumber(meta[2]), tonumber(meta[3])
  local room = math.huge
  if concurrency then room = math.max(concurrency - rcall("LLEN", activeKey), 0) end
  promoteDelayedJobs(delayedKey, markerKey, waitKey, prioritizedKey, eventsKey, prefix, now, pcKey, isPaused or room == 0)
  local limitMs = max and tonumber(meta[4])
  -- A count without an end, as another program may have left it, would stop the queue for ever.
  if max and rcall("PTTL", limiterKey) == -1 then startLimit(limitMs) end
  local limitedMs = getRateLimitTTL(max, limiterKey)
  if isPaused or limitedMs > 0 then return 0, limitedMs end
  if max then room = math.min(room, max - (tonumber(rcall("GET", limiterKey)) or 0)) end
  return room, 0, limitMs
end

-- The next jobs in line, and where they are.
local function peek(count)
  local ids = rcall("LRANGE", waitKey, -count, -1)
  if #ids > 0 then
    local ordered = {}
    for index = #ids, 1, -1 do ordered[#ordered + 1] = ids[index] end
    return ordered, waitKey
  end
  ids = rcall("ZRANGE", prioritizedKey, 0, count - 1)
  -- The turns of jobs with a priority begin anew.
  if #ids == 0 then rcall("DEL", pcKey) end
  return ids, prioritizedKey
end

-- Takes the first `count` of the peeked ids out of line, and makes them active.
local function activate(ids, count, from)
  if from == waitKey then rcall("LTRIM", waitKey, 0, -(count + 1)) else rcall("ZREMRANGEBYRANK", prioritizedKey, 0, count - 1) end
  rcall("LPUSH", activeKey, unpack(ids, 1, count))
end

-- Begins an attempt of an active job. Returns its token.
local function begin(id, jobKey, attempt, request)
  request.leased = request.leased + 1
  local token = "posta:" .. request.seed .. ":" .. request.leased .. ":" .. attempt
  rcall("SET", jobKey .. ":lock", token, "PX", request.lockMs)
  rcall("HSET", jobKey, "processedOn", now, "pb", request.name, "ats", attempt, leaseField, toLeaseMark(token, now))
  addEvent("event", "active", "jobId", id, "prev", "waiting")
  return token
end

-- Fails a job that no worker may get: its attempt is the last.
local function failAtOnce(id, jobKey, reason)
  rcall("LREM", activeKey, 1, id)
  rcall("DEL", jobKey .. ":lock")
  rcall("HSET", jobKey, "failedReason", reason)
  finish(id, jobKey, nil, "failed", "failedReason", reason, readJob(jobKey))
end

local function bytesOf(fields)
  return #(fields[2] or "") + #(fields[4] or "") + #(fields[9] or "")
end

-- The bytes that a run hands out, and whether the next job does not fit any more. Redis does nothing else during a run.
local maxRunBytes, runBytes, isRunFull = tonumber(ARGV[5]), 0, false

-- Counts the bytes of a job, if its request and the run have room for it. The first job always fits.
local function makeRoom(request, bytes)
  if request.bytes > 0 and request.bytes + bytes > request.maxBytes then return false end
  if runBytes > 0 and runBytes + bytes > maxRunBytes then
    isRunFull = true
    return false
  end
  request.bytes, runBytes = request.bytes + bytes, runBytes + bytes
  return true
end

-- Reads jobs for a request, up to the first that does not fit. A job that could never fit fails: it would block the line.
local function readFitting(ids, request)
  local found = {}
  for index, id in ipairs(ids) do
    -- An error, where the key is no hash, has no fields: only an id is in line.
    local fields = redis.pcall("HMGET", prefix .. id, unpack(leasedFields))
    local bytes = bytesOf(fields)
    if bytes > maxJobBytes then
      fields[3] = fields[3] or "the job takes " .. bytes .. " bytes, over the " .. maxJobBytes .. " that a remote worker can get"
    elseif not makeRoom(request, bytes) then
      break
    end
    found[index] = fields
  end
  return found
end

-- Begins a job that is active now, and adds it to the request's. Returns 1, or 0 if the worker does not get it. A run of a
-- schedule that must fail is left to the server: BullMQ plans a schedule's next run while this one is active.
local function hand(id, fields, request)
  local jobKey, deferred = prefix .. id, fields[3]
  if not fields[1] then
    rcall("LREM", activeKey, 1, id) -- Only its id was left.
    return 0
  end
  local attempt = (tonumber(fields[5]) or 0) + 1
  local token = begin(id, jobKey, attempt, request)
  if not deferred then
    request.jobs[#request.jobs + 1] = { id, token, attempt, unpack(fields, 1, #leasedFields) }
    return 1
  end
  local name, opts, schedule = fields[1], fields[4], fields[11]
  if schedule then
    request.doomed[#request.doomed + 1] = { id, token, deferred, name, opts, schedule }
  else
    failAtOnce(id, jobKey, deferred)
  end
  return 0
end

-- A job that another program wrote something odd into harms no other: it stays active until its lease ends.
local function tryHand(id, fields, request)
  local isDone, taken = pcall(hand, id, fields, request)
  if isDone then return taken end
  rcall("LREM", activeKey, 1, id)
  rcall("LPUSH", activeKey, id)
  return 0
end

-- The most jobs that one run looks at: a line of jobs that no worker may get is emptied in several runs.
local mostLooked, looked = 500, 0

-- Leases jobs to one request until it has enough, or the next does not fit. Returns how many count for the limits.
local function leaseTo(request, room)
  local wanted, taken = math.min(request.count, room), 0
  while taken < wanted and looked < mostLooked do
    local ids, from = peek(wanted - taken)
    looked = looked + #ids
    local found = readFitting(ids, request)
    if #found == 0 then break end
    activate(ids, #found, from)
    for index, fields in ipairs(found) do taken = taken + tryHand(ids[index], fields, request) end
    if #found < #ids then break end
  end
  return taken
end

-- The jobs that an earlier request with the same key leased, as ids and tokens.
local function answerKey(request)
  return prefix .. "posta-leased:" .. request.repeatKey
end

-- Adds the jobs again that an earlier request with the same key leased and whose leases are held, up to the first that does
-- not fit: the worker may have made jobs larger meanwhile. Returns whether there are some.
local function repeatAnswer(request)
  local known = request.repeatKey ~= "" and rcall("GET", answerKey(request))
  if not known then return false end
  local pairsOfThese, isHeld = cmsgpack.unpack(known), false
  for index = 1, #pairsOfThese, 2 do
    local id, token = pairsOfThese[index], pairsOfThese[index + 1]
    local jobKey = prefix .. id
    local lockKey = jobKey .. ":lock"
    if #request.jobs < request.count and findHolder(rcall("GET", lockKey), activeKey, id, jobKey) == token then
      isHeld = true
      local fields = rcall("HMGET", jobKey, unpack(leasedFields))
      if not makeRoom(request, bytesOf(fields)) then break end
      rcall("SET", lockKey, token, "PX", request.lockMs)
      -- The worker may get this answer alone. If the server finds that nobody waits for the first one, its jobs stay here.
      rcall("SET", resumedKey(prefix, token), "", "PX", resumedMs)
      request.jobs[#request.jobs + 1] = { id, token, tonumber(fields[5]) or 0, unpack(fields, 1, #leasedFields) }
    end
  end
  if isHeld then rcall("PEXPIRE", answerKey(request), request.lockMs) end
  return isHeld
end

local function rememberAnswer(request)
  if request.repeatKey == "" or #request.jobs == 0 then return end
  local known = {}
  for _, job in ipairs(request.jobs) do
    known[#known + 1] = job[1]
    known[#known + 1] = job[2]
  end
  rcall("SET", answerKey(request), cmsgpack.pack(known), "PX", request.lockMs)
end

-- Leases jobs to each request, in their order. When the run is full, the other requests are left. Returns how long the rate
-- limit lasts, in ms; 0: there is none.
local function leaseAll(requests)
  local room, limitedMs, limitMs = findRoom()
  local total = 0
  for _, request in ipairs(requests) do
    if isRunFull or runBytes >= maxRunBytes then
      request.isLeft = true
    else
      if not repeatAnswer(request) then
        local taken = room > 0 and leaseTo(request, room) or 0
        room, total = room - taken, total + taken
        rememberAnswer(request)
      end
      request.isLeft = isRunFull and request.leased == 0 and #request.jobs == 0
    end
  end
  if limitMs and total > 0 and rcall("INCRBY", limiterKey, total) == total then startLimit(limitMs) end
  return limitedMs, room
end
