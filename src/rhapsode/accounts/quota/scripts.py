"""What Redis does for us at one go: three scripts, which are sent once and then called by their digests.

`limits` counts in one window at a time: a call that the last of four refuses has been counted in the first three, and
four rules are ten questions and 2.7 ms of a processor. Here a call is counted in all or in none, with one question and
0.25 ms. And time is Redis's own, so that the servers' clocks need not agree.

A window of requests is a list of times, the latest first; one of tokens or characters a hash, of how many came in each
second; places are a sorted set of leases, by when each ends. Times are in ms. Everything ends by itself.
"""

from typing import Final

_NOW: Final = """
local time = redis.call('TIME')
local second = tonumber(time[1])
local now = second * 1000 + math.floor(tonumber(time[2]) / 1000)
"""

TAKE: Final = (
    _NOW
    + """
-- KEYS: windows of requests, of units, places. ARGV: how many of requests, of units; the amount; the lease, and how
-- long it is good; how long a window is; then the limit of each key.
-- The answer: 0, or which kind has no room (1, 2, 3), which key of it, and for how long (-1: for ever).
local requests, units, amount = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local lease, good, minute = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local limits = {}
for i = 1, #KEYS do limits[i] = tonumber(ARGV[6 + i]) end

for i = requests + units + 1, #KEYS do
    redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
    if redis.call('ZCARD', KEYS[i]) >= limits[i] then return {3, i - requests - units, 0} end
end
for i = 1, requests do
    local oldest = redis.call('LINDEX', KEYS[i], -1)
    while oldest and tonumber(oldest) <= now - minute do
        redis.call('RPOP', KEYS[i])
        oldest = redis.call('LINDEX', KEYS[i], -1)
    end
    if redis.call('LLEN', KEYS[i]) >= limits[i] then
        if limits[i] == 0 then return {1, i, -1} end
        return {1, i, tonumber(redis.call('LINDEX', KEYS[i], limits[i] - 1)) + minute - now}
    end
end
local needed = math.max(1, amount)
for i = requests + 1, requests + units do
    if needed > limits[i] then return {2, i - requests, -1} end
    local fields = redis.call('HGETALL', KEYS[i])
    local left, seconds = 0, {}
    for j = 1, #fields, 2 do
        local at = tonumber(fields[j])
        if (at + 1) * 1000 + minute <= now then
            redis.call('HDEL', KEYS[i], fields[j])
        else
            local taken = tonumber(fields[j + 1])
            left = left + taken
            seconds[#seconds + 1] = {at, taken}
        end
    end
    if left + needed > limits[i] then
        table.sort(seconds, function(a, b) return a[1] < b[1] end)
        for _, it in ipairs(seconds) do
            left = left - it[2]
            if left + needed <= limits[i] then
                return {2, i - requests, (it[1] + 1) * 1000 + minute - now}
            end
        end
    end
end

for i = 1, requests do
    redis.call('LPUSH', KEYS[i], now)
    redis.call('PEXPIRE', KEYS[i], minute)
end
for i = requests + 1, requests + units do
    if amount > 0 then
        redis.call('HINCRBY', KEYS[i], second, amount)
        redis.call('PEXPIRE', KEYS[i], minute + 1000)
    end
end
for i = requests + units + 1, #KEYS do
    redis.call('ZADD', KEYS[i], now + good, lease)
    redis.call('PEXPIRE', KEYS[i], good)
end
return {0, 0, 0}
"""
)

SETTLE: Final = (
    _NOW
    + """
-- KEYS: windows of units, places. ARGV: how many of units; how long a window is; then, for each key, how much was
-- taken, or the lease that ends.
local units, minute = tonumber(ARGV[1]), tonumber(ARGV[2])
for i = 1, units do
    redis.call('HINCRBY', KEYS[i], second, ARGV[2 + i])
    redis.call('PEXPIRE', KEYS[i], minute + 1000)
end
for i = units + 1, #KEYS do redis.call('ZREM', KEYS[i], ARGV[2 + i]) end
return 0
"""
)

RENEW: Final = (
    _NOW
    + """
-- KEYS: where places are held. ARGV: how long they are good; then, for each key, the lease. A Redis that was started
-- anew hears of them for the first time.
local good = tonumber(ARGV[1])
for i, key in ipairs(KEYS) do
    redis.call('ZADD', key, now + good, ARGV[1 + i])
    redis.call('PEXPIRE', key, good)
end
return 0
"""
)
