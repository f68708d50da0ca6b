#include "exec/sorted_runs.h"

#include <algorithm>
#include <cstring>

namespace oxibase {
namespace {

constexpr size_t kHeadBytes = 16;
constexpr size_t kFanInMin = 4;
constexpr size_t kFanInMax = 256;

struct Bytes16 {
  uint64_t words[2];
};

std::vector<Type> WithKey(std::vector<Type> types) {
  types.emplace_back(TypeId::kBytea);
  return types;
}

}  // namespace

std::string Kilobytes(uint64_t bytes) { return std::to_string((bytes + 1023) / 1024) + "kB"; }

SortedRuns::SortedRuns(std::vector<Type> types, ExecState& state)
    : state_(state), types_(WithKey(std::move(types))), memory_(state.memory), out_(types_) {}

SortedRuns::~SortedRuns() = default;

void SortedRuns::SetTypes(std::vector<Type> types) {
  types_ = WithKey(std::move(types));
  out_ = Batch(types_);
}

void SortedRuns::Clear() {
  heap_.clear();
  sources_.clear();
  runs_.clear();
  open_.reset();
  chosen_ = {};
  memory_.Set0();
  disk_bytes_ = 0;
  runs_made_ = 0;
}

Status SortedRuns::BeginRun() {
  ASSIGN_OR_RETURN(auto file, state_.Temp());
  open_ = std::make_unique<SpilledRows>(std::move(file), types_);
  return {};
}

Status SortedRuns::AddToRun(std::span<const Vector* const> columns, const Vector& keys,
                            uint32_t count) {
  std::vector<const Vector*> all(columns.begin(), columns.end());
  all.push_back(&keys);
  return open_->Append(all, nullptr, count);
}

Status SortedRuns::EndRun() {
  RETURN_IF_ERROR(open_->Finish());
  disk_bytes_ += open_->disk_bytes();
  ++runs_made_;
  runs_.push_back(std::move(open_));
  return {};
}

Status SortedRuns::Add(const RowSorter& sorter, std::span<const RowStore* const> stores,
                       uint64_t limit) {
  RETURN_IF_ERROR(BeginRun());
  const size_t rows = std::min<uint64_t>(limit, sorter.size());
  Batch buffer(types_);
  std::vector<const Vector*> columns;
  for (size_t c = 0; c + 1 < types_.size(); ++c) columns.push_back(&buffer.columns[c]);
  Vector& keys = buffer.columns.back();
  uint32_t numbers[kVectorSize];
  std::string key;
  for (size_t first = 0; first < rows; first += kVectorSize) {
    RETURN_IF_ERROR(state_.context->eval.CheckCancelled());
    const auto count = static_cast<uint32_t>(std::min<size_t>(kVectorSize, rows - first));
    keys.ResetFlat(count);
    for (uint32_t i = 0; i < count; ++i) {
      numbers[i] = sorter.row(first + i);
      key.clear();
      sorter.AppendKeyBytes(first + i, &key);
      keys.data<StringRef>()[i] = keys.arena().Copy(std::string_view(key));
    }
    size_t column = 0;
    for (const RowStore* store : stores) {
      const size_t own = store->types().size();
      store->Gather(numbers, count, std::span(buffer.columns).subspan(column, own));
      column += own;
    }
    RETURN_IF_ERROR(AddToRun(columns, keys, count));
  }
  return EndRun();
}

void SortedRuns::TakeKey(Source& source) {
  const std::string_view key = source.batch->columns.back().data<StringRef>()[source.row].view();
  unsigned char head[kHeadBytes] = {};
  std::memcpy(head, key.data(), std::min(key.size(), kHeadBytes));
  std::memcpy(&source.high, head, 8);
  std::memcpy(&source.low, head + 8, 8);
  source.high = __builtin_bswap64(source.high);
  source.low = __builtin_bswap64(source.low);
  source.rest = key.size() > kHeadBytes ? key.substr(kHeadBytes) : std::string_view();
}

bool SortedRuns::Before(const Source& a, const Source& b) {
  if (a.high != b.high) return a.high < b.high;
  if (a.low != b.low) return a.low < b.low;
  const int order = a.rest.compare(b.rest);
  return order != 0 ? order < 0 : a.run < b.run;
}

Result<bool> SortedRuns::Advance(Source& source) {
  if (source.batch && ++source.row < source.batch->size) {
    TakeKey(source);
    return true;
  }
  // The rows chosen of the batch at hand go away with it.
  Drain();
  ASSIGN_OR_RETURN(source.batch, source.reader.Next());
  source.row = 0;
  if (!source.batch) return false;
  TakeKey(source);
  return true;
}

void SortedRuns::SiftDown(size_t at) {
  Source* moved = heap_[at];
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && Before(*heap_[child + 1], *heap_[child])) ++child;
    if (!Before(*heap_[child], *moved)) break;
    heap_[at] = heap_[child];
    at = child;
  }
  heap_[at] = moved;
}

Status SortedRuns::OpenSources(size_t first, size_t count) {
  heap_.clear();
  sources_.clear();
  chosen_.clear();
  out_.size = 0;
  for (size_t i = first; i < first + count; ++i) {
    sources_.push_back(std::make_unique<Source>(*runs_[i], i));
    ASSIGN_OR_RETURN(const bool any, Advance(*sources_.back()));
    if (any) heap_.push_back(sources_.back().get());
  }
  for (size_t i = heap_.size() / 2; i-- > 0;) SiftDown(i);
  memory_.Force(sources_.size() * SpilledRows::kReaderBytes);
  return {};
}

template <typename T, typename Chosen>
void CopyChosen(const std::vector<Chosen>& chosen, size_t column, T* to) {
  for (size_t i = 0; i < chosen.size(); ++i) {
    to[i] = chosen[i].batch->columns[column].template data<T>()[chosen[i].row];
  }
}

void SortedRuns::Drain() {
  if (chosen_.empty()) return;
  for (size_t c = 0; c < types_.size(); ++c) {
    Vector& to = out_.columns[c];
    for (size_t i = 0; i < chosen_.size(); ++i) {
      if (!chosen_[i].batch->columns[c].validity().IsValid(chosen_[i].row)) {
        to.validity().SetNull(out_.size + static_cast<uint32_t>(i));
      }
    }
    switch (PhysicalWidth(to.physical())) {
      case 1:
        CopyChosen(chosen_, c, to.data<uint8_t>() + out_.size);
        break;
      case 2:
        CopyChosen(chosen_, c, to.data<uint16_t>() + out_.size);
        break;
      case 4:
        CopyChosen(chosen_, c, to.data<uint32_t>() + out_.size);
        break;
      case 8:
        CopyChosen(chosen_, c, to.data<uint64_t>() + out_.size);
        break;
      default:
        if (to.physical() != PhysicalType::kString) {
          CopyChosen(chosen_, c, to.data<Bytes16>() + out_.size);
          break;
        }
        for (size_t i = 0; i < chosen_.size(); ++i) {
          const Vector& from = chosen_[i].batch->columns[c];
          to.data<StringRef>()[out_.size + i] =
              from.validity().IsValid(chosen_[i].row)
                  ? to.arena().Copy(from.data<StringRef>()[chosen_[i].row])
                  : StringRef();
        }
    }
  }
  out_.size += static_cast<uint32_t>(chosen_.size());
  chosen_.clear();
}

Status SortedRuns::FillBatch() {
  out_.size = 0;
  for (Vector& column : out_.columns) column.ResetFlat(kVectorSize);
  while (!heap_.empty() && out_.size + chosen_.size() < kVectorSize) {
    Source& least = *heap_[0];
    chosen_.push_back({least.batch, least.row});
    ASSIGN_OR_RETURN(const bool more, Advance(least));
    if (!more) {
      heap_[0] = heap_.back();
      heap_.pop_back();
      if (heap_.empty()) break;
    }
    SiftDown(0);
  }
  Drain();
  return {};
}

Status SortedRuns::Merge() {
  const size_t fan_in =
      std::clamp(memory_.limit() / SpilledRows::kReaderBytes, kFanInMin, kFanInMax);
  // Neighbours are merged, so that equal keys keep their order.
  while (runs_.size() > fan_in) {
    std::vector<std::unique_ptr<SpilledRows>> longer;
    for (size_t first = 0; first < runs_.size(); first += fan_in) {
      const size_t count = std::min(fan_in, runs_.size() - first);
      if (count == 1) {
        longer.push_back(std::move(runs_[first]));
        continue;
      }
      RETURN_IF_ERROR(OpenSources(first, count));
      RETURN_IF_ERROR(BeginRun());
      for (;;) {
        RETURN_IF_ERROR(state_.context->eval.CheckCancelled());
        RETURN_IF_ERROR(FillBatch());
        if (out_.size == 0) break;
        RETURN_IF_ERROR(open_->Append(out_));
      }
      RETURN_IF_ERROR(open_->Finish());
      longer.push_back(std::move(open_));
      heap_.clear();
      sources_.clear();
      for (size_t i = first; i < first + count; ++i) runs_[i].reset();
    }
    runs_ = std::move(longer);
  }
  return OpenSources(0, runs_.size());
}

Result<const Batch*> SortedRuns::Next() {
  if (heap_.empty()) return nullptr;
  RETURN_IF_ERROR(FillBatch());
  return out_.size > 0 ? &out_ : nullptr;
}

}  // namespace oxibase
