#include "exec/operators/aggregate.h"

#include <algorithm>

#include "common/key_codec.h"
#include "exec/operators/sort.h"

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
  if (call.sorted) {
    for (const SortKey& key : expr.order_by) {
      RETURN_IF_ERROR(call.sort_keys.AddFiltered(*key.expr, expr.filter.get()));
    }
    for (size_t i = 0; expr.distinct && i < expr.args.size(); ++i) {
      RETURN_IF_ERROR(call.sort_keys.AddFiltered(*expr.args[i], expr.filter.get()));
    }
  }
  return {};
}

Status AggregateOperator::Prepare() {
  RETURN_IF_ERROR(keys_.AddAll(plan_.keys));
  size_t offset = kStatesOffset;
  for (const auto& expr : plan_.aggregates) {
    auto call = std::make_unique<Call>();
    RETURN_IF_ERROR(PrepareCall(*expr, *call));
    call->offset = offset;
    offset += AlignUp16(call->impl->state_bytes);
    if (call->sorted) streaming_ = false;
    if (call->sorted || call->hash_distinct || !call->impl->update_one) needs_payloads_ = true;
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
      if (call.hash_distinct) set.distinct[c].emplace(with_number, 0);
      if (!call.sorted) continue;
      std::vector<RowSorter::Key> keys = {{TypeId::kInt8}};
      for (const RowSorter::Key& key : SorterKeys(call.expr->order_by)) keys.push_back(key);
      if (call.skip_repeated) {
        for (const ExprPtr& arg : call.expr->args) keys.push_back({arg->type});
      }
      set.sorted_rows[c] = std::make_unique<SortedRows>(std::move(keys), std::move(with_number));
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
  if (Rewind()) {
    consumed_ = false;
    set_ = next_ = 0;
    return child().Open();
  }
  DoClose();
  consumed_ = false;
  set_ = next_ = 0;
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

void AggregateOperator::DoClose() {
  for (const auto& call : calls_) {
    if (!call->impl->destroy) continue;
    for (const Set& set : sets_) {
      for (size_t i = 0; i < set.groups.size(); ++i) {
        call->impl->destroy(set.groups.payload(i) + call->offset);
      }
    }
  }
  for (Set& set : sets_) {
    set.groups.Clear();
    for (auto& distinct : set.distinct) {
      if (distinct) distinct->Clear();
    }
    for (auto& sorted : set.sorted_rows) {
      if (!sorted) continue;
      sorted->sorter.Clear();
      sorted->rows.Clear();
    }
  }
  arena_.Reset();
  memory_.Set0();
}

Status AggregateOperator::EvaluateCall(Call& call, const Batch& input) {
  RETURN_IF_ERROR(call.args.Evaluate(eval(), input));
  call.rows = input.size;
  call.filtered = false;
  if (call.sorted) RETURN_IF_ERROR(call.sort_keys.Evaluate(eval(), input));
  for (size_t a = 0; a < call.args.size(); ++a) call.inputs[a] = &call.args.result(a);
  if (!call.filter) return {};
  ASSIGN_OR_RETURN(call.rows, call.filter->Select(eval(), input, call.sel.get()));
  if (call.rows == input.size) return {};
  call.filtered = true;
  for (size_t a = 0; a < call.args.size(); ++a) {
    call.selected[a].Select(call.args.result(a), call.sel.get(), call.rows);
    call.inputs[a] = &call.selected[a];
  }
  return {};
}

Status AggregateOperator::Update(Call& call, std::span<const Vector* const> args, uint32_t rows,
                                 std::byte* const* states) {
  if (rows == 0) return {};
  return call.impl->update(eval(), call.site, args, rows, states, arena_);
}

Status AggregateOperator::AddDistinct(Set& set, size_t c, std::byte* const* states) {
  Call& call = *calls_[c];
  numbers_.ResetFlat(call.rows);
  for (uint32_t i = 0; i < call.rows; ++i) {
    numbers_.data<int64_t>()[i] = static_cast<int64_t>(GroupNumber(states[i] - call.offset));
  }
  std::vector<const Vector*> keys = {&numbers_};
  keys.insert(keys.end(), call.inputs.begin(), call.inputs.end());
  const uint32_t fresh =
      set.distinct[c]->FindOrInsert(keys, nullptr, call.rows, few_states_.get(), created_.get());
  std::vector<Vector> fresh_args;
  std::vector<const Vector*> args;
  fresh_args.reserve(call.inputs.size());
  for (const Vector* input : call.inputs) {
    fresh_args.emplace_back(input->type());
    fresh_args.back().Select(*input, created_.get(), fresh);
    args.push_back(&fresh_args.back());
  }
  for (uint32_t i = 0; i < fresh; ++i) few_states_[i] = states[created_[i]];
  return Update(call, args, fresh, few_states_.get());
}

void AggregateOperator::KeepSorted(Set& set, size_t c) {
  Call& call = *calls_[c];
  SortedRows& kept = *set.sorted_rows[c];
  numbers_.ResetFlat(call.rows);
  for (uint32_t i = 0; i < call.rows; ++i) {
    const uint32_t row = call.filtered ? call.sel[i] : i;
    numbers_.data<int64_t>()[i] = static_cast<int64_t>(GroupNumber(payloads_[row]));
  }
  std::vector<const Vector*> keys = {&numbers_};
  std::vector<Vector> selected;
  selected.reserve(call.sort_keys.size());
  for (const Vector* key : call.sort_keys.results()) {
    if (call.filtered) {
      selected.emplace_back(key->type());
      selected.back().Select(*key, call.sel.get(), call.rows);
      key = &selected.back();
    }
    keys.push_back(key);
  }
  kept.sorter.Add(keys, call.rows, kept.rows.size());
  std::vector<const Vector*> columns = {&numbers_};
  columns.insert(columns.end(), call.inputs.begin(), call.inputs.end());
  kept.rows.Append(std::span<const Vector* const>(columns), nullptr, call.rows);
}

Status AggregateOperator::AddToSet(Set& set, uint32_t rows) {
  const bool grouped = !set.keys.empty();
  if (grouped) {
    const Vector* keys[kVectorSize];
    for (size_t k = 0; k < set.keys.size(); ++k) keys[k] = &keys_.result(set.keys[k]);
    const size_t before = set.groups.size();
    const uint32_t created = set.groups.FindOrInsert({keys, set.keys.size()}, nullptr, rows,
                                                     payloads_.get(), created_.get());
    for (uint32_t i = 0; i < created; ++i) Init(payloads_[created_[i]], before + i);
  } else if (needs_payloads_) {
    std::fill_n(payloads_.get(), rows, set.groups.payload(0));
  }
  for (size_t c = 0; c < calls_.size(); ++c) {
    Call& call = *calls_[c];
    if (call.sorted) {
      KeepSorted(set, c);
      continue;
    }
    if (!grouped && !call.hash_distinct && call.impl->update_one) {
      if (call.rows > 0) {
        RETURN_IF_ERROR(call.impl->update_one(eval(), call.site, call.inputs, call.rows,
                                              set.groups.payload(0) + call.offset, arena_));
      }
      continue;
    }
    for (uint32_t i = 0; i < call.rows; ++i) {
      states_[i] = payloads_[call.filtered ? call.sel[i] : i] + call.offset;
    }
    if (call.hash_distinct) {
      RETURN_IF_ERROR(AddDistinct(set, c, states_.get()));
    } else {
      RETURN_IF_ERROR(Update(call, call.inputs, call.rows, states_.get()));
    }
  }
  return {};
}

Status AggregateOperator::FeedSorted(Set& set, size_t c) {
  Call& call = *calls_[c];
  SortedRows& kept = *set.sorted_rows[c];
  kept.sorter.Sort();
  std::vector<Vector> columns;
  for (const Type type : kept.rows.types()) columns.emplace_back(type);
  std::vector<const Vector*> args;
  for (size_t i = 1; i < columns.size(); ++i) args.push_back(&columns[i]);
  uint32_t rows[kVectorSize];
  for (size_t at = 0; at < kept.sorter.size();) {
    RETURN_IF_ERROR(eval().CheckCancelled());
    uint32_t count = 0;
    for (; at < kept.sorter.size() && count < kVectorSize; ++at) {
      if (call.skip_repeated && at > 0 && kept.sorter.SameKey(at - 1, at)) continue;
      rows[count++] = kept.sorter.row(at);
    }
    kept.rows.Gather(rows, count, columns);
    for (uint32_t i = 0; i < count; ++i) {
      const auto number = static_cast<size_t>(columns[0].data<int64_t>()[i]);
      states_[i] = set.groups.payload(number) + call.offset;
    }
    RETURN_IF_ERROR(Update(call, args, count, states_.get()));
  }
  return {};
}

size_t AggregateOperator::Bytes() const {
  size_t bytes = arena_.bytes_reserved();
  for (const Set& set : sets_) {
    bytes += set.groups.bytes();
    for (const auto& distinct : set.distinct) {
      if (distinct) bytes += distinct->bytes();
    }
    for (const auto& sorted : set.sorted_rows) {
      if (sorted) bytes += sorted->sorter.bytes() + sorted->rows.bytes();
    }
  }
  return bytes;
}

Result<bool> AggregateOperator::ConsumeBatch() {
  ASSIGN_OR_RETURN(const Batch* input, child().Next());
  if (!input) return false;
  if (input->empty()) return true;
  RETURN_IF_ERROR(keys_.Evaluate(eval(), *input));
  for (const auto& call : calls_) RETURN_IF_ERROR(EvaluateCall(*call, *input));
  for (Set& set : sets_) RETURN_IF_ERROR(AddToSet(set, input->size));
  RETURN_IF_ERROR(memory_.Set(Bytes()));
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
  for (Set& set : sets_) {
    for (size_t c = 0; c < calls_.size(); ++c) {
      if (calls_[c]->sorted) RETURN_IF_ERROR(FeedSorted(set, c));
    }
  }
  consumed_ = true;
  return {};
}

Result<const Batch*> AggregateOperator::EmitGroups(Set& set, size_t end) {
  const auto count = static_cast<uint32_t>(std::min<size_t>(kVectorSize, end - next_));
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
  next_ += count;
  out_.size = count;
  return &out_;
}

Result<const Batch*> AggregateOperator::DoNext() {
  if (!consumed_) RETURN_IF_ERROR(Consume());
  if (!consumed_) return EmitGroups(sets_[0], sets_[0].groups.size() - 1);
  for (; set_ < sets_.size(); ++set_, next_ = 0) {
    const size_t end = sets_[set_].groups.size();
    if (next_ < end) return EmitGroups(sets_[set_], end);
  }
  return nullptr;
}

}  // namespace oxibase
