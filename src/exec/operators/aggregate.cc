#include "exec/operators/aggregate.h"

#include <algorithm>

#include "exec/operators/sort.h"
#include "exec/vector_copy.h"

namespace oxibase {
namespace {

// A group's payload: its number, then the states.
constexpr size_t kStatesOffset = 16;

size_t AlignUp16(size_t value) { return (value + 15) & ~size_t{15}; }

/// Aggregates whose result does not depend on the order of their rows.
bool IgnoresOrder(const Function& function) {
  static constexpr std::string_view kNames[] = {"count",   "sum",      "avg",     "min",
                                                "max",     "bool_and", "bool_or", "every",
                                                "bit_and", "bit_or",   "bit_xor"};
  return std::find(std::begin(kNames), std::end(kNames), function.name) != std::end(kNames);
}

uint64_t GroupNumber(const std::byte* payload) {
  uint64_t number;
  std::memcpy(&number, payload, sizeof number);
  return number;
}

}  // namespace

AggregateOperator::AggregateOperator(const PhysicalAggregate& node, ExecState& state)
    : Operator(node, state),
      plan_(node),
      memory_(state.memory),
      out_(node.types),
      numbers_(TypeId::kInt8),
      streaming_(node.streaming) {}

AggregateOperator::~AggregateOperator() { AggregateOperator::DoClose(); }

void AggregateOperator::SortedRows::Clear() {
  sorter.Clear();
  rows.Clear();
  runs.Clear();
  merges = false;
  next = 0;
  batch = nullptr;
  last_key.clear();
}

Status AggregateOperator::PrepareCall(const AggregateExpr& expr, Call& call) {
  call.expr = &expr;
  call.impl = expr.function->aggregate;
  if (!call.impl) {
    return Error(ErrorCode::kInternalError, "{} is not an aggregate", expr.function->name);
  }
  call.site.function = expr.function;
  call.site.result = expr.type;
  call.sel = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  RETURN_IF_ERROR(call.filter.Compile(expr.filter.get()));
  // WITHIN GROUP: the ordered values come first, the direct arguments behind them.
  if (expr.within_group) {
    for (const SortKey& key : expr.order_by) {
      RETURN_IF_ERROR(call.args.AddFiltered(*key.expr, expr.filter.get()));
    }
  }
  for (const ExprPtr& arg : expr.args) {
    RETURN_IF_ERROR(call.args.AddFiltered(*arg, expr.filter.get()));
  }
  for (const Type type : call.args.types()) {
    call.site.arg_types.push_back(type);
    call.selected.emplace_back(type);
  }
  call.inputs.resize(call.args.size());
  call.sorted = !expr.order_by.empty() || (expr.distinct && !IgnoresOrder(*expr.function));
  call.hash_distinct = expr.distinct && !call.sorted;
  call.skip_repeated = expr.distinct && call.sorted;
  call.collects =
      call.impl->destroy && !call.hash_distinct && expr.function->name.ends_with("_agg");
  call.arg_columns.resize(call.args.size());
  if (call.sorted) {
    for (const SortKey& key : expr.order_by) {
      RETURN_IF_ERROR(call.sort_keys.AddFiltered(*key.expr, expr.filter.get()));
    }
    for (size_t i = 0; expr.distinct && i < expr.args.size(); ++i) {
      RETURN_IF_ERROR(call.sort_keys.AddFiltered(*expr.args[i], expr.filter.get()));
    }
  }
  call.sort_columns.resize(call.sort_keys.size());
  return {};
}

std::unique_ptr<AggregateOperator::SortedRows> AggregateOperator::MakeSortedRows(const Call& call) {
  std::vector<Type> types = {TypeId::kInt8};
  for (const Type type : call.args.types()) types.push_back(type);
  std::vector<RowSorter::Key> keys = {{TypeId::kInt8}};
  if (call.sorted) {
    for (const RowSorter::Key& key : SorterKeys(call.expr->order_by)) keys.push_back(key);
  }
  if (call.skip_repeated || call.hash_distinct) {
    for (const ExprPtr& arg : call.expr->args) keys.push_back({arg->type});
  }
  return std::make_unique<SortedRows>(std::move(keys), std::move(types), state());
}

Status AggregateOperator::Prepare() {
  RETURN_IF_ERROR(keys_.AddAll(plan_.keys));
  key_columns_.resize(keys_.size());
  size_t offset = kStatesOffset;
  for (const auto& expr : plan_.aggregates) {
    auto call = std::make_unique<Call>();
    RETURN_IF_ERROR(PrepareCall(*expr, *call));
    call->offset = offset;
    offset += AlignUp16(call->impl->state_bytes);
    if (call->sorted) streaming_ = false;
    if (call->sorted || call->hash_distinct || !call->impl->update_one) needs_payloads_ = true;
    if (call->collects) collects_ = true;
    calls_.push_back(std::move(call));
  }
  payload_bytes_ = offset;
  std::vector<std::vector<uint32_t>> sets = plan_.grouping_sets;
  if (sets.empty()) {
    sets.emplace_back();
    for (uint32_t i = 0; i < plan_.keys.size(); ++i) sets[0].push_back(i);
  }
  for (auto& positions : sets) {
    std::sort(positions.begin(), positions.end());
    positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
    std::vector<Type> types;
    for (const uint32_t position : positions) types.push_back(plan_.keys[position]->type);
    Set& set = sets_.emplace_back(positions, std::move(types), payload_bytes_);
    set.distinct.resize(calls_.size());
    set.sorted_rows.resize(calls_.size());
    for (size_t c = 0; c < calls_.size(); ++c) {
      Call& call = *calls_[c];
      std::vector<Type> with_number = {TypeId::kInt8};
      for (const Type type : call.args.types()) with_number.push_back(type);
      if (call.hash_distinct) set.distinct[c].emplace(std::move(with_number), 0);
      if (call.sorted) set.sorted_rows[c] = MakeSortedRows(call);
    }
  }
  payloads_ = std::make_unique<std::byte*[]>(kVectorSize);
  states_ = std::make_unique<std::byte*[]>(kVectorSize);
  few_states_ = std::make_unique<std::byte*[]>(kVectorSize);
  created_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  return {};
}

void AggregateOperator::Init(std::byte* payload, uint64_t number) {
  std::memcpy(payload, &number, sizeof number);
  for (const auto& call : calls_) {
    if (call->impl->init) call->impl->init(payload + call->offset);
  }
}

bool AggregateOperator::Rewind() {
  // One group without keys and without anything that its calls have kept beside it.
  if (!plan_.keys.empty() || sets_.size() != 1 || sets_[0].groups.size() != 1) return false;
  for (const auto& call : calls_) {
    if (call->impl->destroy || call->hash_distinct || call->sorted) return false;
  }
  std::byte* payload = sets_[0].groups.payload(0);
  std::memset(payload, 0, payload_bytes_);
  Init(payload, 0);
  if (arena_.bytes_reserved() > 0) arena_.Reset();
  return true;
}

Status AggregateOperator::DoOpen() {
  consumed_ = partitioned_ = false;
  set_ = next_ = 0;
  end_set_ = sets_.size();
  if (Rewind()) return child().Open();
  DoClose();
  together_ = kFirstGroups;
  for (Set& set : sets_) {
    if (!set.keys.empty()) continue;
    // Without keys there is one group, even without rows.
    std::byte* payload = nullptr;
    set.groups.FindOrInsert({}, nullptr, 1, &payload, nullptr);
    Init(payload, 0);
  }
  return child().Open();
}

void AggregateOperator::DestroyStates(Set& set) {
  for (const auto& call : calls_) {
    if (!call->impl->destroy) continue;
    for (size_t i = set.destroyed; i < set.groups.size(); ++i) {
      call->impl->destroy(set.groups.payload(i) + call->offset);
    }
  }
  set.destroyed = 0;
}

void AggregateOperator::ClearSet(Set& set) {
  DestroyStates(set);
  set.groups.Clear();
  for (size_t c = 0; c < calls_.size(); ++c) {
    if (set.distinct[c]) set.distinct[c]->Clear();
    if (set.sorted_rows[c]) set.sorted_rows[c]->Clear();
  }
  set.frozen = false;
  set.partitions.reset();
  set.depth = 0;
}

void AggregateOperator::DoClose() {
  for (Set& set : sets_) ClearSet(set);
  waiting_.clear();
  arena_.Reset();
  collected_bytes_ = 0;
  memory_.Set0();
}

void AggregateOperator::NarrowCall(Call& call, uint32_t rows) {
  call.filtered = call.rows != rows;
  for (size_t a = 0; a < call.args.size(); ++a) {
    call.inputs[a] = call.arg_columns[a];
    if (!call.filtered) continue;
    call.selected[a].Select(*call.arg_columns[a], call.sel.get(), call.rows);
    call.inputs[a] = &call.selected[a];
  }
}

Status AggregateOperator::EvaluateCall(Call& call, const Batch& input) {
  RETURN_IF_ERROR(call.args.Evaluate(eval(), input));
  std::copy_n(call.args.results().begin(), call.args.size(), call.arg_columns.begin());
  if (call.sorted) {
    RETURN_IF_ERROR(call.sort_keys.Evaluate(eval(), input));
    std::copy_n(call.sort_keys.results().begin(), call.sort_keys.size(), call.sort_columns.begin());
  }
  call.rows = input.size;
  if (call.filter) {
    ASSIGN_OR_RETURN(call.rows, call.filter->Select(eval(), input, call.sel.get()));
  }
  NarrowCall(call, input.size);
  return {};
}

Status AggregateOperator::Update(Call& call, std::span<const Vector* const> args, uint32_t rows,
                                 std::byte* const* states) {
  if (rows == 0) return {};
  return call.impl->update(eval(), call.site, args, rows, states, arena_);
}

Status AggregateOperator::AddDistinct(Set& set, size_t c, const CallRows& rows) {
  Call& call = *calls_[c];
  std::byte* const* states = states_.get();
  numbers_.ResetFlat(rows.count);
  for (uint32_t i = 0; i < rows.count; ++i) {
    numbers_.data<int64_t>()[i] = static_cast<int64_t>(GroupNumber(states[i] - call.offset));
  }
  std::vector<const Vector*> keys = {&numbers_};
  keys.insert(keys.end(), rows.inputs.begin(), rows.inputs.end());
  if (set.frozen) {
    // Values that are not known yet are sorted, so that each is met once.
    set.distinct[c]->Find(keys, nullptr, rows.count, few_states_.get());
    std::vector<uint32_t> fresh;
    for (uint32_t i = 0; i < rows.count; ++i) {
      if (!few_states_[i]) fresh.push_back(i);
    }
    if (fresh.empty()) return {};
    std::vector<Vector> columns;
    std::vector<const Vector*> selected;
    columns.reserve(keys.size());
    for (const Vector* key : keys) {
      columns.emplace_back(key->type());
      columns.back().Select(*key, fresh.data(), static_cast<uint32_t>(fresh.size()));
      selected.push_back(&columns.back());
    }
    SortedRows& kept = *set.sorted_rows[c];
    const auto count = static_cast<uint32_t>(fresh.size());
    kept.sorter.Add(selected, count, kept.rows.size());
    kept.rows.Append(std::span<const Vector* const>(selected), nullptr, count);
    return {};
  }
  const uint32_t fresh =
      set.distinct[c]->FindOrInsert(keys, nullptr, rows.count, few_states_.get(), created_.get());
  std::vector<Vector> fresh_args;
  std::vector<const Vector*> args;
  fresh_args.reserve(rows.inputs.size());
  for (const Vector* input : rows.inputs) {
    fresh_args.emplace_back(input->type());
    fresh_args.back().Select(*input, created_.get(), fresh);
    args.push_back(&fresh_args.back());
  }
  for (uint32_t i = 0; i < fresh; ++i) few_states_[i] = states[created_[i]];
  return Update(call, args, fresh, few_states_.get());
}

void AggregateOperator::KeepSorted(Set& set, size_t c, const CallRows& rows) {
  Call& call = *calls_[c];
  SortedRows& kept = *set.sorted_rows[c];
  numbers_.ResetFlat(rows.count);
  for (uint32_t i = 0; i < rows.count; ++i) {
    const uint32_t row = rows.sel ? rows.sel[i] : i;
    numbers_.data<int64_t>()[i] = static_cast<int64_t>(GroupNumber(payloads_[row]));
  }
  std::vector<const Vector*> keys = {&numbers_};
  std::vector<Vector> selected;
  selected.reserve(call.sort_columns.size());
  for (const Vector* key : call.sort_columns) {
    if (!call.sorted) break;
    if (rows.sel) {
      selected.emplace_back(key->type());
      selected.back().Select(*key, rows.sel, rows.count);
      key = &selected.back();
    }
    keys.push_back(key);
  }
  kept.sorter.Add(keys, rows.count, kept.rows.size());
  std::vector<const Vector*> columns = {&numbers_};
  columns.insert(columns.end(), rows.inputs.begin(), rows.inputs.end());
  kept.rows.Append(std::span<const Vector* const>(columns), nullptr, rows.count);
}

Status AggregateOperator::AddToCall(Set& set, size_t c, const CallRows& rows) {
  Call& call = *calls_[c];
  if (rows.count == 0) return {};
  if (call.sorted || (call.collects && set.frozen)) {
    KeepSorted(set, c, rows);
    return {};
  }
  if (call.collects) {
    for (const Vector* input : rows.inputs) {
      collected_bytes_ += rows.count * PhysicalWidth(input->physical());
      collected_bytes_ += LongStringBytes(*input, rows.count);
    }
  }
  if (set.keys.empty() && !call.hash_distinct && call.impl->update_one) {
    return call.impl->update_one(eval(), call.site, rows.inputs, rows.count,
                                 set.groups.payload(0) + call.offset, arena_);
  }
  for (uint32_t i = 0; i < rows.count; ++i) {
    states_[i] = payloads_[rows.sel ? rows.sel[i] : i] + call.offset;
  }
  if (call.hash_distinct) return AddDistinct(set, c, rows);
  return Update(call, rows.inputs, rows.count, states_.get());
}

Status AggregateOperator::AddToSet(Set& set, uint32_t rows) {
  bool some_missing = false;
  if (!set.keys.empty()) {
    if (set.frozen) {
      ASSIGN_OR_RETURN(some_missing, SetAside(set, rows));
    } else {
      const Vector* keys[kVectorSize];
      for (size_t k = 0; k < set.keys.size(); ++k) keys[k] = key_columns_[set.keys[k]];
      const size_t before = set.groups.size();
      const uint32_t created = set.groups.FindOrInsert({keys, set.keys.size()}, nullptr, rows,
                                                       payloads_.get(), created_.get());
      for (uint32_t i = 0; i < created; ++i) Init(payloads_[created_[i]], before + i);
    }
  } else if (needs_payloads_ || set.frozen) {
    std::fill_n(payloads_.get(), rows, set.groups.payload(0));
  }
  for (size_t c = 0; c < calls_.size(); ++c) {
    Call& call = *calls_[c];
    CallRows own{call.inputs, call.filtered ? call.sel.get() : nullptr, call.rows};
    if (some_missing) {
      // Only rows whose groups are here: positions among the call's rows, and in the batch.
      std::vector<uint32_t> positions;
      hits_.clear();
      for (uint32_t i = 0; i < own.count; ++i) {
        const uint32_t row = own.sel ? own.sel[i] : i;
        if (!payloads_[row]) continue;
        positions.push_back(i);
        hits_.push_back(row);
      }
      hit_columns_.clear();
      hit_columns_.reserve(own.inputs.size());
      hit_inputs_.clear();
      own.count = static_cast<uint32_t>(positions.size());
      for (const Vector* input : own.inputs) {
        hit_columns_.emplace_back(input->type());
        hit_columns_.back().Select(*input, positions.data(), own.count);
        hit_inputs_.push_back(&hit_columns_.back());
      }
      own.inputs = hit_inputs_;
      own.sel = hits_.data();
    }
    RETURN_IF_ERROR(AddToCall(set, c, own));
  }
  return {};
}

Status AggregateOperator::EndInput(Set& set) {
  for (const auto& kept : set.sorted_rows) {
    if (!kept) continue;
    kept->next = 0;
    kept->merges = !kept->runs.empty();
    if (!kept->merges) {
      kept->sorter.Sort();
      continue;
    }
    RETURN_IF_ERROR(WriteRun(*kept));
    RETURN_IF_ERROR(kept->runs.Merge());
  }
  if (set.partitions) RETURN_IF_ERROR(set.partitions->Finish());
  return {};
}

Result<uint32_t> AggregateOperator::NextFromRuns(SortedRows& kept, bool skip_repeated, size_t end,
                                                 uint32_t* rows) {
  for (;;) {
    if (!kept.batch || kept.batch_row == kept.batch->size) {
      ASSIGN_OR_RETURN(kept.batch, kept.runs.Next());
      kept.batch_row = 0;
      if (!kept.batch) return uint32_t{0};
    }
    const auto* numbers = kept.batch->columns[0].data<int64_t>();
    const auto* keys = kept.batch->columns.back().data<StringRef>();
    uint32_t count = 0;
    bool more = false;
    for (; kept.batch_row < kept.batch->size; ++kept.batch_row) {
      if (static_cast<size_t>(numbers[kept.batch_row]) >= end) {
        more = true;
        break;
      }
      if (skip_repeated) {
        const std::string_view key = keys[kept.batch_row].view();
        if (key == kept.last_key) continue;
        kept.last_key = key;
      }
      rows[count++] = kept.batch_row;
    }
    if (count > 0 || more) return count;
  }
}

Status AggregateOperator::FeedSorted(Set& set, size_t c, size_t end) {
  Call& call = *calls_[c];
  SortedRows& kept = *set.sorted_rows[c];
  const bool skip_repeated = call.skip_repeated || call.hash_distinct;
  std::vector<Vector> columns;
  for (const Type type : kept.rows.types()) columns.emplace_back(type);
  std::vector<const Vector*> args;
  for (size_t i = 1; i < columns.size(); ++i) args.push_back(&columns[i]);
  uint32_t rows[kVectorSize];
  for (;;) {
    RETURN_IF_ERROR(eval().CheckCancelled());
    uint32_t count = 0;
    if (kept.merges) {
      ASSIGN_OR_RETURN(count, NextFromRuns(kept, skip_repeated, end, rows));
      for (size_t i = 0; i < columns.size() && count > 0; ++i) {
        columns[i].Select(kept.batch->columns[i], rows, count);
      }
    } else {
      for (; kept.next < kept.sorter.size() && count < kVectorSize; ++kept.next) {
        const uint32_t row = kept.sorter.row(kept.next);
        const auto number = kept.rows.column(row, 0).data<int64_t>()[row % kVectorSize];
        if (static_cast<size_t>(number) >= end) break;
        if (skip_repeated && kept.next > 0 && kept.sorter.SameKey(kept.next - 1, kept.next)) {
          continue;
        }
        rows[count++] = row;
      }
      if (count > 0) kept.rows.Gather(rows, count, columns);
    }
    if (count == 0) return {};
    const VectorView numbers = columns[0].view();
    for (uint32_t i = 0; i < count; ++i) {
      const auto number = static_cast<size_t>(numbers.Get<int64_t>(i));
      states_[i] = set.groups.payload(number) + call.offset;
    }
    RETURN_IF_ERROR(Update(call, args, count, states_.get()));
  }
}

size_t AggregateOperator::Bytes() const {
  size_t bytes = arena_.bytes_reserved() + collected_bytes_;
  for (const Set& set : sets_) {
    bytes += set.groups.bytes();
    if (set.partitions) bytes += set.partitions->bytes();
    for (const auto& distinct : set.distinct) {
      if (distinct) bytes += distinct->bytes();
    }
    for (const auto& sorted : set.sorted_rows) {
      if (sorted) bytes += sorted->bytes();
    }
  }
  return bytes;
}

Result<bool> AggregateOperator::ConsumeBatch() {
  ASSIGN_OR_RETURN(const Batch* input, child().Next());
  if (!input) return false;
  if (input->empty()) return true;
  RETURN_IF_ERROR(keys_.Evaluate(eval(), *input));
  std::copy_n(keys_.results().begin(), keys_.size(), key_columns_.begin());
  for (const auto& call : calls_) RETURN_IF_ERROR(EvaluateCall(*call, *input));
  for (Set& set : sets_) RETURN_IF_ERROR(AddToSet(set, input->size));
  RETURN_IF_ERROR(CheckMemory());
  return true;
}

Status AggregateOperator::Consume() {
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, ConsumeBatch());
    if (!more) break;
    // The last group may go on; those before it are complete.
    if (streaming_ && sets_[0].groups.size() > next_ + together_) {
      together_ = std::min<uint64_t>(together_ * 4, kVectorSize);
      return {};
    }
  }
  for (Set& set : sets_) RETURN_IF_ERROR(EndInput(set));
  consumed_ = true;
  return {};
}

Result<const Batch*> AggregateOperator::EmitGroups(Set& set, size_t end) {
  // What frozen sets have their aggregates collect only now is held for few groups at a time.
  const uint32_t most = set.frozen && collects_ ? kFirstGroups : kVectorSize;
  const auto count = static_cast<uint32_t>(std::min<size_t>(most, end - next_));
  for (size_t c = 0; c < calls_.size(); ++c) {
    if (set.sorted_rows[c]) RETURN_IF_ERROR(FeedSorted(set, c, next_ + count));
  }
  size_t column = 0;
  std::vector<bool> in_set(plan_.keys.size(), false);
  for (size_t k = 0; k < plan_.keys.size(); ++k) {
    Vector& out = out_.columns[column++];
    const auto found = std::find(set.keys.begin(), set.keys.end(), k);
    if (found == set.keys.end()) {
      out.SetConstantNull();
    } else {
      in_set[k] = true;
      set.groups.ReadKeys(static_cast<size_t>(found - set.keys.begin()), next_, count, out);
    }
  }
  for (const auto& call : calls_) {
    for (uint32_t i = 0; i < count; ++i) {
      states_[i] = set.groups.payload(next_ + i) + call->offset;
    }
    RETURN_IF_ERROR(
        call->impl->finalize(eval(), call->site, states_.get(), count, out_.columns[column++]));
  }
  for (const auto& positions : plan_.grouping_calls) {
    int32_t mask = 0;
    for (const uint32_t position : positions) mask = mask * 2 + (in_set[position] ? 0 : 1);
    out_.columns[column++].SetConstant(Value::Int4(mask));
  }
  if (collects_ && !streaming_) {
    for (const auto& call : calls_) {
      for (uint32_t i = 0; call->impl->destroy && i < count; ++i) {
        call->impl->destroy(set.groups.payload(next_ + i) + call->offset);
      }
    }
    set.destroyed = next_ + count;
  }
  next_ += count;
  out_.size = count;
  return &out_;
}

Result<const Batch*> AggregateOperator::DoNext() {
  if (!consumed_) RETURN_IF_ERROR(Consume());
  if (!consumed_) return EmitGroups(sets_[0], sets_[0].groups.size() - 1);
  for (;;) {
    for (; set_ < end_set_; ++set_, next_ = 0) {
      const size_t end = sets_[set_].groups.size();
      if (next_ < end) return EmitGroups(sets_[set_], end);
    }
    ASSIGN_OR_RETURN(const bool more, NextPartition());
    if (!more) return nullptr;
  }
}

}  // namespace oxibase
