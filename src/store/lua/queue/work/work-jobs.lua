--[[
  Settles jobs that workers report, and leases the next jobs of the queue to workers. The conformance test compares the
  keyspaces with what BullMQ's own worker leaves. Comes after BullMQ's functions.

  KEYS
    1 wait  2 active  3 prioritized  4 events  5 stalled  6 limiter  7 delayed  8 paused  9 meta  10 pc  11 marker
    12 completed  13 failed
  ARGV
    1 the start of the queue's keys, "bull:emails:"
    2 reports as one MessagePack list; of each, in order: kind, four fields by the kind, id, token. The fields of
      c  complete: the value as JSON
      f  fail: reason, stack as JSON text ("": none), how ("": by the job's options, "u": for good, else the wait in ms),
         a random number from 0 to 1
      r  release: none   d  postpone: ms   l  rate-limited: ms
      u  put back, as no worker has seen it: none   x  fail, as its worker has not stopped: reason of the order
      p  progress: JSON   g  log: a line   w  data: JSON. These three leave the job with its worker.
    3 lease requests as one MessagePack list; of each, in order: count, most bytes of data, lock in ms, seed, name, the
      key of a request that may be repeated ("": none)
    4 the most bytes of data that a remote worker can get at all
    5 the most bytes of data that one run hands out; it hands out one job even if that is larger
  Returns
    1 a digit for each report: 0 applied, 1 already applied, 2 lease lost, 3 has pending children, 4 has failed children,
      5 the job is broken
    2 for each lease request its jobs: id, token, attempt, and the fields of `leasedFields`; or 0: the run is full, so the request
      is to come again
    3 for each lease request the runs of schedules that it leased and that must fail: id, token, reason, name, options, schedule
    4 how long the rate limit lasts, in ms; 0: there is none
    5 how long until the next delayed job is due, in ms; -1: there is none
]]
local reports, requests = cmsgpack.unpack(ARGV[2]), cmsgpack.unpack(ARGV[3])

local verdicts = {}
if #reports > 0 then
  trimEvents(metaKey, eventsKey)
  local ids = {}
  for index = 6, #reports, 7 do ids[#ids + 1] = reports[index] end
  readLocks(ids)
end
for index = 1, #reports, 7 do
  verdicts[#verdicts + 1] = settleReport(unpack(reports, index, index + 6))
end

local leases = {}
for index = 1, #requests, 6 do
  local count, maxBytes, lockMs, seed, name, repeatKey = unpack(requests, index, index + 5)
  leases[#leases + 1] = {
    count = count, maxBytes = maxBytes, lockMs = lockMs, seed = seed, name = name, repeatKey = repeatKey,
    bytes = 0, leased = 0, jobs = {}, doomed = {},
  }
end
flush()
-- Also without a request: a job that has just ended may have made room for others.
local limitedMs, room = leaseAll(leases)
flush()

local isWaiting = rcall("EXISTS", waitKey, prioritizedKey) > 0
local jobs, doomed, leased = {}, {}, 0
for index, request in ipairs(leases) do
  jobs[index], doomed[index] = request.isLeft and 0 or request.jobs, request.doomed
  leased = leased + request.leased
end
if leased > 0 or (isWaiting and room > 0) then rcall("ZADD", markerKey, 0, "0") end
if finished > 0 and not isWaiting and rcall("EXISTS", activeKey) == 0 then addEvent("event", "drained") end

-- A run without reports and requests only puts the marker back.
if #reports == 0 and #requests == 0 then addDelayMarkerIfNeeded(markerKey, delayedKey) end

local due = getNextDelayedTimestamp(delayedKey)
return { table.concat(verdicts), jobs, doomed, limitedMs, due and math.max(math.ceil(due - now), 0) or -1 }
