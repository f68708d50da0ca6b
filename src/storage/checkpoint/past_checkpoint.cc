#include "storage/checkpoint/past_checkpoint.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "storage/segment/past_segment.h"

namespace oxibase {
namespace {

constexpr size_t kPartsMax = TabletCheckpoint::kSegmentsMax;

/// How many of the newest parts go into a segment of `added` further versions.
size_t PartsToMerge(std::span<const SegmentList::Part> parts, uint64_t added) {
  size_t merged = 0;
  uint64_t behind = added;
  const auto weight = [&](size_t i) { return parts[i].segment->file().row_count(); };
  if (parts.size() >= kPartsMax) behind += weight(merged++);
  while (merged < parts.size() && weight(merged) < 2 * behind) behind += weight(merged++);
  return merged;
}

/// Superseded versions in memory, in order, read and copied some at a time.
class HotPast {
 public:
  HotPast(Tablet& tablet, Timestamp since, Timestamp as_of)
      : tablet_(tablet), since_(since), as_of_(as_of) {}

  bool Next() {
    if (at_ + 1 < entries_.size()) {
      ++at_;
      return true;
    }
    Fill();
    return !entries_.empty();
  }
  const PastEntry& entry() const { return entries_[at_].entry; }
  ByteSpan row() const { return {bytes_.data() + entries_[at_].offset, entries_[at_].length}; }

 private:
  static constexpr size_t kEntries = 512;
  static constexpr size_t kBytes = 1 << 20;
  struct Kept {
    PastEntry entry;
    size_t offset;
    size_t length;
  };

  void Fill() {
    entries_.clear();
    bytes_.clear();
    at_ = 0;
    while (entries_.empty() && !ended_) {
      next_ = tablet_.ScanSuperseded(
          since_, as_of_, next_,
          [this](RowId row, Timestamp end, const RowVersion& version) {
            // Rows begin at multiples of 8, as in a version.
            bytes_.resize((bytes_.size() + 7) & ~size_t{7});
            entries_.push_back({{row,
                                 {version.begin.load(std::memory_order_acquire)},
                                 end,
                                 version.schema_version},
                                bytes_.size(),
                                version.row_bytes});
            bytes_.insert(bytes_.end(), version.row(), version.row() + version.row_bytes);
          },
          [this] { return entries_.size() < kEntries && bytes_.size() < kBytes; });
      ended_ = next_.value == 0;
    }
  }

  Tablet& tablet_;
  const Timestamp since_;
  const Timestamp as_of_;
  RowId next_;
  bool ended_ = false;
  std::vector<Kept> entries_;
  std::vector<std::byte> bytes_;
  size_t at_ = 0;
};

/// Memory's versions and those of `parts` into one segment, without what ended by `needed_from`.
Status Merge(HotPast& hot, std::span<const SegmentList::Part> parts, Timestamp needed_from,
             PastWriter& writer) {
  std::vector<PastStream> streams;
  std::vector<bool> has;
  streams.reserve(parts.size());
  for (const SegmentList::Part& part : parts) {
    ASSIGN_OR_RETURN(const bool any, streams.emplace_back(*part.segment).Next());
    has.push_back(any);
  }
  bool has_hot = hot.Next();
  std::optional<PastEntry> last;
  for (;;) {
    const PastEntry* first = has_hot ? &hot.entry() : nullptr;
    size_t from = streams.size();
    for (size_t i = 0; i < streams.size(); ++i) {
      if (!has[i] || (first != nullptr && !streams[i].entry().IsBefore(*first))) continue;
      first = &streams[i].entry();
      from = i;
    }
    if (first == nullptr) return Status::Ok();
    const PastEntry entry = *first;
    const bool is_known = last && last->row == entry.row && last->begin == entry.begin;
    if (!is_known && entry.end > needed_from) {
      if (from == streams.size()) {
        RETURN_IF_ERROR(writer.Add(entry, hot.row()));
      } else {
        ASSIGN_OR_RETURN(const ByteSpan row, streams[from].ReadRow(writer.schema()));
        RETURN_IF_ERROR(writer.AddWhole(entry, row));
      }
      last = entry;
    }
    if (from == streams.size()) {
      has_hot = hot.Next();
    } else {
      ASSIGN_OR_RETURN(const bool more, streams[from].Next());
      has[from] = more;
    }
  }
}

}  // namespace

Result<std::shared_ptr<const SegmentList>> PastCheckpoint::Write(
    SegmentStore& store, Tablet& tablet, Timestamp as_of, Timestamp oldest_snapshot,
    std::shared_ptr<const SegmentList> list, TabletCheckpoint::Written* written) {
  const Timestamp from = tablet.history().from();
  const bool has_history = from != Timestamp::Max();
  // (A list that was just made has none.)
  const std::shared_ptr<const SegmentList> before = tablet.segment_list();
  const bool had_history = before != nullptr && before->past.is_kept();
  if (!has_history && !had_history) return list;
  auto next =
      list != nullptr ? std::make_shared<SegmentList>(*list) : std::make_shared<SegmentList>();
  next->store = &store;
  next->past = {{}, from, as_of, tablet.history().shape()};
  if (!has_history) return std::shared_ptr<const SegmentList>(std::move(next));

  const Timestamp needed = std::min(from, oldest_snapshot);
  std::vector<SegmentList::Part> parts;
  if (had_history) {
    for (const SegmentList::Part& part : before->past.parts) {
      if (part.segment->as_of() > needed) parts.push_back(part);
    }
  }
  const Timestamp since = had_history ? std::max(from, before->past.until) : from;
  uint64_t added = 0;
  RowId row(0);
  do {
    row = tablet.ScanSuperseded(
        since, as_of, row, [&](RowId, Timestamp, const RowVersion&) { ++added; },
        [] { return true; });
  } while (row.value != 0);
  size_t merged = 0;
  if (added > 0) {
    merged = PartsToMerge(parts, added);
    ASSIGN_OR_RETURN(const std::unique_ptr<PastWriter> writer,
                     PastWriter::Create(store, tablet.id(), tablet.schema(), as_of));
    HotPast hot(tablet, since, as_of);
    RETURN_IF_ERROR(Merge(hot, std::span(parts).first(merged), needed, *writer));
    if (writer->count() > 0) {
      ASSIGN_OR_RETURN(SegmentList::Part part, writer->Finish());
      written->rows += writer->count();
      written->bytes += writer->file_bytes();
      next->past.parts.push_back(std::move(part));
    }
  }
  next->past.parts.insert(next->past.parts.end(), parts.begin() + static_cast<ptrdiff_t>(merged),
                          parts.end());
  return std::shared_ptr<const SegmentList>(std::move(next));
}

}  // namespace oxibase
