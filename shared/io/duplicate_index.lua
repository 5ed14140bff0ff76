-- One document against every document before it. A script runs alone, so between what it looks up and what it claims
-- nothing comes: of two that are alike the second finds the first, whoever asks.
--
-- Kept under one hash tag, all values packed bytes (an owner is the first 8 bytes of a document id):
--   <space>generation   which life of the server the index is whole in
--   <space>lock         who rebuilds it
--   <space>d<owner>     a document: rest of its id (8), hash of its text (16), cluster (8), equal bytes (1), when it was
--                       fetched (6, milliseconds), packed signature (128)
--   <space>t<12 bits>   hash: rest of a text's hash (15) -> owner
--   <space>b<16 bits>   hash: rest of a band (6) -> up to 7 owners. The 16 bits are the band's number (4) and its first
--                       bits (12). Buckets are many, so that each stays small, and Valkey packs it as one list.

local BANDS, ROWS, OWNER = 16, 8, 8
-- 56 bytes: a value of more than 64 would unpack its whole bucket (hash-max-listpack-value).
local MOST_OWNERS_BYTES = 7 * OWNER

local byte, char, sub, floor = string.byte, string.char, string.sub, math.floor
local call = redis.call
local space = string.match(KEYS[1], "^(.*)generation$")

local function record_key(owner) return space .. "d" .. owner end

local function text_place(text)
  return space .. "t" .. sub(text, 1, 1) .. char(floor(byte(text, 2) / 16)), sub(text, 2)
end

local function band_place(packed, band)
  local at = band * ROWS + 1
  local first, second = byte(packed, at, at + 1)
  local bucket = char(band * 16 + floor(first / 16)) .. char(first % 16 * 16 + floor(second / 16))
  return space .. "b" .. bucket, sub(packed, at + 2, at + ROWS - 1)
end

local function rest_of(record) return sub(record, 1, 8) end
local function text_of(record) return sub(record, 9, 24) end
local function cluster_of(record) return sub(record, 25, 32) end
local function equal_of(record) return byte(record, 33) end
local function packed_of(record) return sub(record, 40) end

local FETCHED_AT = 33
local function number_of(bytes)
  local number = 0
  for at = 1, #bytes do number = number * 256 + byte(bytes, at) end
  return number
end
local function fetched_of(record) return sub(record, FETCHED_AT + 1, FETCHED_AT + 6) end

local function holds(owners, me)
  for at = 1, #owners, OWNER do
    if sub(owners, at, at + OWNER - 1) == me then return at end
  end
  return nil
end

local function claim_band(key, field, owners, me)
  if #owners < MOST_OWNERS_BYTES and not holds(owners, me) then
    call("HSET", key, field, owners .. me)
  end
end

local function release(me, record)
  local text_key, text_field = text_place(text_of(record))
  if call("HGET", text_key, text_field) == me then call("HDEL", text_key, text_field) end
  local packed = packed_of(record)
  for band = 0, BANDS - 1 do
    local key, field = band_place(packed, band)
    local owners = call("HGET", key, field) or ""
    local at = holds(owners, me)
    if at then
      local others = sub(owners, 1, at - 1) .. sub(owners, at + OWNER)
      if others == "" then call("HDEL", key, field) else call("HSET", key, field, others) end
    end
  end
end

local function equal_bytes(mine, packed)
  local theirs, equal = {byte(packed, 1, -1)}, 0
  for at = 1, #mine do
    if mine[at] == theirs[at] then equal = equal + 1 end
  end
  return equal
end

-- Gives the cluster and the equal bytes of the document that is most alike; with `claim`, claims every band on the way.
local function look_up(me, packed, least, claim)
  local mine, seen, cluster, most = {byte(packed, 1, -1)}, {[me] = true}, nil, least - 1
  for band = 0, BANDS - 1 do
    local key, field = band_place(packed, band)
    local owners = call("HGET", key, field) or ""
    for at = 1, #owners, OWNER do
      local other = sub(owners, at, at + OWNER - 1)
      local record = not seen[other] and call("GET", record_key(other))
      seen[other] = true
      if record then
        local equal = equal_bytes(mine, packed_of(record))
        if equal > most then cluster, most = cluster_of(record), equal end
      end
    end
    if claim then claim_band(key, field, owners, me) end
  end
  return cluster, most
end

local function keep(me, rest, text, fetched, packed, cluster, equal)
  call("SET", record_key(me), rest .. text .. cluster .. char(equal) .. fetched .. packed)
  return {"", equal == 0 and "" or cluster, equal}
end

local function judge(id, text, packed, fetched, least)
  local me, rest = sub(id, 1, OWNER), sub(id, OWNER + 1)
  local before = call("GET", record_key(me))
  local newer = not before or number_of(fetched) >= number_of(fetched_of(before))
  if before and text_of(before) == text then
    if newer then call("SETRANGE", record_key(me), FETCHED_AT, fetched) end
    return {"", equal_of(before) == 0 and "" or cluster_of(before), equal_of(before)}
  end
  local text_key, text_field = text_place(text)
  local owner = call("HGET", text_key, text_field)
  if owner and owner ~= me then
    return {owner .. rest_of(call("GET", record_key(owner)) or ""), "", 0}
  end
  if before and newer then release(me, before) end
  local cluster, equal = look_up(me, packed, least, newer)
  -- What it said before it said what we know: this edition is superseded, and must not take the newer one's place.
  if not newer then return {"", cluster or "", cluster and equal or 0} end
  call("HSET", text_key, text_field, me)
  if cluster then return keep(me, rest, text, fetched, packed, cluster, equal) end
  -- Others may be in the cluster that its own id names, for what it said before: it needs a name that they don't have.
  if before then return keep(me, rest, text, fetched, packed, sub(text, 1, 8), #packed) end
  return keep(me, rest, text, fetched, packed, me, 0)
end

local function restore(id, text, packed, fetched, cluster, equal)
  local me = sub(id, 1, OWNER)
  if call("EXISTS", record_key(me)) == 1 then return 0 end
  local text_key, text_field = text_place(text)
  call("HSETNX", text_key, text_field, me)
  for band = 0, BANDS - 1 do
    local key, field = band_place(packed, band)
    claim_band(key, field, call("HGET", key, field) or "", me)
  end
  keep(me, sub(id, OWNER + 1), text, fetched, packed, equal == 0 and me or cluster, equal)
  return 1
end

local function holds(id)
  return call("EXISTS", record_key(sub(id, 1, OWNER)))
end

local function forget(id)
  local me = sub(id, 1, OWNER)
  local record = call("GET", record_key(me))
  if not record then return 0 end
  release(me, record)
  return call("DEL", record_key(me))
end

local function renew(holder, milliseconds)
  if call("GET", space .. "lock") ~= holder then return 0 end
  return call("PEXPIRE", space .. "lock", milliseconds)
end

local function finish(holder, generation)
  if call("GET", space .. "lock") == holder then
    call("SET", KEYS[1], generation)
    return call("DEL", space .. "lock")
  end
  -- An answer may have been lost: done is done.
  return call("GET", KEYS[1]) == generation and 1 or 0
end

local what = ARGV[1]
if what == "judge" then
  if call("GET", KEYS[1]) ~= ARGV[2] then return redis.error_reply("INDEXLOST the index is not whole") end
  return judge(ARGV[3], ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7]))
elseif what == "restore" then
  return restore(ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], tonumber(ARGV[8]))
elseif what == "holds" then
  return holds(ARGV[3])
elseif what == "forget" then
  return forget(ARGV[3])
elseif what == "renew" then
  return renew(ARGV[3], ARGV[4])
elseif what == "finish" then
  return finish(ARGV[3], ARGV[4])
end
return redis.error_reply("ERR no such work: " .. tostring(what))
