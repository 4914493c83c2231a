--[[
  Reads jobs' hashes, as many as fit the bytes that a page may have, and one in any case. Runs behind job-row.lua.

  KEYS
    1 meta, which tells a cluster where they are
  ARGV
    1 the start of the queue's keys  2 the bytes of a page  then job-row.lua's  then the jobs' ids
  Returns
    job-row.lua's row for each job that was read
]]
local start, pageBytes = ARGV[1], tonumber(ARGV[2])
local plan, jobBytes, firstId = readPlan(3)
local rows, bytes = {}, 0
for index = firstId, #ARGV do
  local row, more = readRow(start .. ARGV[index], plan, jobBytes)
  bytes = bytes + more
  if bytes > pageBytes and #rows > 0 then break end
  rows[#rows + 1] = row
end
return rows
