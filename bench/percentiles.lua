-- Has wrk end with a line for programs: microseconds, and how many requests had no good answer.
function done(summary, latency, _requests)
  local errors = summary.errors
  local failures = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local line = '{"requests": %d, "failures": %d, "p50": %d, "p99": %d}\n'
  io.write(string.format(line, summary.requests, failures, latency:percentile(50), latency:percentile(99)))
end
