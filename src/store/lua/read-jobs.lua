--[[
  Reads jobs' hashes, as many as fit the bytes that a page may have, and one in any case.

  KEYS
    1 meta, which tells a cluster where they are
  ARGV
    1 the start of the queue's keys  2 the bytes  3 how many fields of each job  then those fields  then the jobs' ids
  Returns
    of each job that was read, the fields' values; nil for one that it has not, and for each of a key that is no hash
]]
local prefix, maxBytes, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local fields = {}
for index = 1, count do fields[index] = ARGV[3 + index] end

local jobs, bytes = {}, 0
for index = 4 + count, #ARGV do
  local values = redis.pcall("HMGET", prefix .. ARGV[index], unpack(fields))
  if values.err then values = {} end
  for _, value in ipairs(values) do
    if value then bytes = bytes + #value end
  end
  if bytes > maxBytes and #jobs > 0 then break end
  jobs[#jobs + 1] = values
end
return jobs
