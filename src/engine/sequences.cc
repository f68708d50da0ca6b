#include "engine/sequences.h"

#include "storage/wal/wal_manager.h"

namespace oxibase {
namespace {

/// As PostgreSQL's SEQ_LOG_VALS.
constexpr int64_t kValuesLoggedAhead = 32;

/// The value after `last`, or nothing at the end.
bool Step(const SequenceDef& sequence, int64_t last, int64_t* next) {
  if (__builtin_add_overflow(last, sequence.increment, next) || *next > sequence.max_value ||
      *next < sequence.min_value) {
    if (!sequence.cycle) return false;
    *next = sequence.increment > 0 ? sequence.min_value : sequence.max_value;
  }
  return true;
}

}  // namespace

SequenceManager::State& SequenceManager::Find(const SequenceDef& sequence) {
  return states_.try_emplace(sequence.oid, State{sequence.start, false, 0}).first->second;
}

Status SequenceManager::Log(Oid sequence, int64_t last, bool is_called) {
  if (!wal_) return {};
  ASSIGN_OR_RETURN(const WalRange range, wal_->AppendSequence({sequence, last, is_called}));
  // No need to wait: who uses the value commits behind this record.
  wal_->RequestFlush(range.end);
  return {};
}

Result<int64_t> SequenceManager::Next(const SequenceDef& sequence) {
  MutexLock lock(mu_);
  State& state = Find(sequence);
  int64_t value = state.last;
  if (state.is_called && !Step(sequence, state.last, &value)) {
    const bool up = sequence.increment > 0;
    return Error(ErrorCode::kSequenceGeneratorLimitExceeded,
                 "nextval: reached {} value of sequence \"{}\" ({})", up ? "maximum" : "minimum",
                 sequence.name, up ? sequence.max_value : sequence.min_value);
  }
  if (state.logged_ahead == 0) {
    // The log learns of the value that many steps on; at the end of the sequence, of fewer.
    int64_t ahead = value, steps = 0;
    while (steps < kValuesLoggedAhead) {
      int64_t further;
      if (!Step(sequence, ahead, &further) ||
          (sequence.increment > 0 ? further < ahead : further > ahead)) {
        break;
      }
      ahead = further;
      ++steps;
    }
    RETURN_IF_ERROR(Log(sequence.oid, ahead, true));
    state.logged_ahead = steps + 1;
  }
  --state.logged_ahead;
  state.last = value;
  state.is_called = true;
  return value;
}

Status SequenceManager::Set(const SequenceDef& sequence, int64_t value, bool is_called) {
  if (value < sequence.min_value || value > sequence.max_value) {
    return Error(ErrorCode::kNumericValueOutOfRange,
                 "setval: value {} is out of bounds for sequence \"{}\" ({}..{})", value,
                 sequence.name, sequence.min_value, sequence.max_value);
  }
  MutexLock lock(mu_);
  RETURN_IF_ERROR(Log(sequence.oid, value, is_called));
  Find(sequence) = {value, is_called, 0};
  return {};
}

int64_t SequenceManager::LoggedAhead(const SequenceDef& sequence) {
  MutexLock lock(mu_);
  return Find(sequence).logged_ahead;
}

SequenceState SequenceManager::Read(const SequenceDef& sequence) {
  MutexLock lock(mu_);
  const State& state = Find(sequence);
  return {sequence.oid, state.last, state.is_called};
}

void SequenceManager::Forget(Oid sequence) {
  MutexLock lock(mu_);
  states_.erase(sequence);
}

void SequenceManager::Restore(const SequenceState& state) {
  MutexLock lock(mu_);
  states_[static_cast<Oid>(state.sequence)] = {state.last_value, state.is_called, 0};
}

std::vector<SequenceState> SequenceManager::Snapshot() {
  MutexLock lock(mu_);
  std::vector<SequenceState> all;
  for (auto& [oid, state] : states_) {
    // Values that the log before the checkpoint promised are skipped after it, too.
    state.logged_ahead = 0;
    all.push_back({oid, state.last, state.is_called});
  }
  return all;
}

}  // namespace oxibase
