--[[
  Reads one job and where it is. Runs behind job-state.lua and job-row.lua.

  KEYS
    1 the job's hash
  ARGV
    1 the start of the queue's keys  2 how long a line may be that is searched for the job  then job-row.lua's  then the job's id
  Returns
    nil if there is no such job, else: state ("orphaned": in no list, else BullMQ's word), score in that state's set or "",
    job-row.lua's row
]]
local plan, bytes, at = readPlan(3)
local state, score, isFound = findState(ARGV[1], ARGV[at], tonumber(ARGV[2]))
if not isFound and not (hasUsualColons(ARGV[at]) and isJob(KEYS[1])) then return nil end
local row, _, isThere = readRow(KEYS[1], plan, bytes)
if #row == 0 or not (isThere or redis.call("EXISTS", KEYS[1]) == 1) then return nil end
return { state, score, row }
