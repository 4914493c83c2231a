--[[
  Reads fields of a job's hash, cut to what an answer can hold. Runs behind plansLua of job-fields.ts, and goes before scripts that
  read jobs. Such a script has in a row of its ARGV: the number of the plan, and the bytes of a job.
]]
-- The plan and the bytes of such arguments, and the place behind them.
local function readPlan(at) return plans[tonumber(ARGV[at])], tonumber(ARGV[at + 1]), at + 2 end

-- What of a value fits.
local function fit(value, cut, room)
  if cut == "s" then return string.sub(value, 1, room) end
  if cut == "e" and room > 0 then return string.sub(value, -room) end
  return ""
end

-- The fields' values, nil for one that the job has not, then the names of those that were cut; the bytes of all values; and whether
-- it has any. The fields come in their order as long as they fit. A key that is no hash has an empty row. A plan is "s" for a field
-- whose start stays where it does not fit, "e" for its end, "-" for nothing.
local function readRow(key, plan, bytes)
  local fields = plan.fields
  local row = redis.pcall("HMGET", key, unpack(fields))
  if row.err then return {}, 0, false end
  local room, isThere = bytes, false
  for at = 1, #fields do
    local value = row[at]
    if value then
      isThere = true
      if #value > room then
        value = fit(value, plan.cuts[at], room)
        row[at] = value
        row[#row + 1] = fields[at]
      end
      room = room - #value
    end
  end
  return row, bytes - room, isThere
end

