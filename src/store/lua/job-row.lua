--[[
  Reads fields of a job's hash, cut to what an answer can hold. Goes before scripts that read jobs. Such a script has in a row
  of its ARGV:
    the bytes of a job  how many fields  then those fields, each behind how it is cut: "s" its start stays, "e" its end, "-" nothing
]]
-- The plan of such arguments, and the place behind them.
local function readPlan(at)
  local plan = { bytes = tonumber(ARGV[at]), cuts = {}, fields = {} }
  local count = tonumber(ARGV[at + 1])
  for index = 1, count do
    plan.cuts[index], plan.fields[index] = ARGV[at + 2 * index], ARGV[at + 2 * index + 1]
  end
  return plan, at + 2 + 2 * count
end

-- What of a value fits.
local function fit(value, cut, room)
  if cut == "s" then return string.sub(value, 1, room) end
  if cut == "e" and room > 0 then return string.sub(value, -room) end
  return ""
end

-- The fields' values, nil for one that the job has not, then the names of those that were cut; and the bytes of all values. The
-- fields come in their order as long as they fit. A key that is no hash has an empty row.
local function readRow(key, plan)
  local row = redis.pcall("HMGET", key, unpack(plan.fields))
  if row.err then return {}, 0 end
  local room = plan.bytes
  for at = 1, #plan.fields do
    local value = row[at]
    if value and #value > room then
      row[at] = fit(value, plan.cuts[at], room)
      row[#row + 1] = plan.fields[at]
    end
    if value then room = room - #row[at] end
  end
  return row, plan.bytes - room
end

