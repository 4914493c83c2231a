--[[
  Writes down what happens while a job is worked on: what BullMQ 6.7.0's updateProgress, addLog and updateData do, which
  take no token. Here only who holds the lease changes the job. Part of queue/work-jobs: uses its variables.
]]

local function holds(id, jobKey, token)
  return not findSettled(id, token) and findHolder(locks[id], activeKey, id, jobKey) == token
end

-- An update's kind, with what it does to a job.
local update = {
  p = function(id, jobKey, json)
    rcall("HSET", jobKey, "progress", json)
    addEvent("event", "progress", "jobId", id, "data", json)
  end,
  g = function(_, jobKey, line)
    local logsKey = jobKey .. ":logs"
    rcall("RPUSH", logsKey, line)
    local kept = tonumber(readOptions(rcall("HGET", jobKey, "opts")).kl)
    if kept then rcall("LTRIM", logsKey, -kept, -1) end
  end,
  w = function(_, jobKey, json) rcall("HSET", jobKey, "data", json) end,
}
