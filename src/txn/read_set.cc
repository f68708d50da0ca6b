#include "txn/read_set.h"

#include <algorithm>
#include <utility>

#include "common/key_codec.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {

const ReadSet::Table* ReadSet::Find(TabletId tablet) const {
  for (const Table& table : tables_) {
    if (table.tablet->id() == tablet) return &table;
  }
  return nullptr;
}

ReadSet::Table& ReadSet::TableOf(const Tablet& tablet) {
  for (size_t i = tables_.size(); i-- > 0;) {
    if (tables_[i].tablet == &tablet) return tables_[i];
  }
  tablet.Pin(1);
  tables_.push_back({&tablet});
  return tables_.back();
}

void ReadSet::Clear() {
  for (const Table& table : tables_) table.tablet->Pin(-1);
  tables_.clear();
}

ReadSet::Group& ReadSet::GroupOf(Table& table, Oid index, std::shared_ptr<ReadFilter> filter) {
  for (size_t i = table.groups.size(); i-- > 0;) {
    Group& group = table.groups[i];
    if (group.index == index && group.filter == filter) return group;
  }
  // Each execution of a filter with parameters is a group of its own; beyond a number of them what
  // they looked at in the rows is left aside.
  if (filter && table.groups.size() >= kGroupsMax) return GroupOf(table, index, nullptr);
  table.groups.push_back({index, std::move(filter), {}});
  return table.groups.back();
}

void ReadSet::AddTable(const Tablet& tablet, std::shared_ptr<ReadFilter> filter) {
  Table& table = TableOf(tablet);
  if (table.whole) return;
  const Group& group = GroupOf(table, 0, std::move(filter));
  if (group.filter == nullptr) {
    table.whole = true;
    table.groups.clear();
  }
}

void ReadSet::AddRange(const Tablet& tablet, const TabletIndex& index, const KeyRange& range,
                       std::shared_ptr<ReadFilter> filter) {
  Interval interval;
  if (range.has_lower) {
    interval.lower = range.lower;
    if (!range.lower_inclusive && !MakePrefixSuccessor(&interval.lower)) return;
  }
  interval.has_upper = range.has_upper;
  if (range.has_upper) {
    interval.upper = range.upper;
    if (range.upper_inclusive) interval.has_upper = MakePrefixSuccessor(&interval.upper);
  }
  if (interval.has_upper && interval.upper <= interval.lower) return;
  Add(tablet, index.spec().oid, std::move(interval), std::move(filter));
}

void ReadSet::AddKey(const Tablet& tablet, const TabletIndex& index, std::string_view key,
                     std::shared_ptr<ReadFilter> filter) {
  Interval interval{std::string(key), std::string(key)};
  interval.has_upper = MakePrefixSuccessor(&interval.upper);
  Add(tablet, index.spec().oid, std::move(interval), std::move(filter));
}

void ReadSet::Add(const Tablet& tablet, Oid index, Interval interval,
                  std::shared_ptr<ReadFilter> filter) {
  Table& table = TableOf(tablet);
  if (table.whole) return;
  Group& group = GroupOf(table, index, std::move(filter));
  if (!group.intervals.empty()) {
    // Often the same key again, or the part of a range behind the one before.
    Interval& last = group.intervals.back();
    if (last.lower <= interval.lower && (!last.has_upper || interval.lower <= last.upper)) {
      if (!last.has_upper) return;
      if (!interval.has_upper || interval.upper > last.upper) {
        last.upper = std::move(interval.upper);
        last.has_upper = interval.has_upper;
        group.sorted = std::min(group.sorted, group.intervals.size() - 1);
      }
      return;
    }
  }
  table.bytes += sizeof(Interval) + interval.lower.size() + interval.upper.size();
  group.intervals.push_back(std::move(interval));
  if (group.intervals.size() >= group.compact_at) {
    Compact(group);
    group.compact_at = std::max<size_t>(64, group.intervals.size() * 2);
  }
  if (group.intervals.size() > kIntervalsMax || table.bytes > kBytesMax) {
    table.whole = true;
    table.groups.clear();
  }
}

void ReadSet::Compact(Group& group) {
  std::vector<Interval>& all = group.intervals;
  if (group.sorted == all.size()) return;
  std::sort(all.begin(), all.end(),
            [](const Interval& a, const Interval& b) { return a.lower < b.lower; });
  size_t kept = 0;
  for (size_t i = 1; i < all.size(); ++i) {
    Interval& last = all[kept];
    if (!last.has_upper) break;
    if (all[i].lower > last.upper) {
      if (++kept != i) all[kept] = std::move(all[i]);
    } else if (!all[i].has_upper || all[i].upper > last.upper) {
      last.upper = std::move(all[i].upper);
      last.has_upper = all[i].has_upper;
    }
  }
  all.resize(kept + 1);
  group.sorted = all.size();
}

bool ReadSet::Contains(Group& group, std::string_view key) {
  Compact(group);
  const auto after = std::upper_bound(
      group.intervals.begin(), group.intervals.end(), key,
      [](std::string_view wanted, const Interval& interval) { return wanted < interval.lower; });
  if (after == group.intervals.begin()) return false;
  const Interval& interval = *std::prev(after);
  return !interval.has_upper || key < std::string_view(interval.upper);
}

bool ReadSet::GroupNotices(const Table& table, Group& group, const RowVersion* before,
                           const RowVersion* after) {
  if (group.index != 0) {
    const TabletIndex* index = table.tablet->FindIndex(group.index);
    if (index == nullptr) return true;  // it is gone, and with it what was read by it
    const TableSchema& schema = table.tablet->schema();
    bool has_null;
    const auto in_range = [&](const RowVersion* version, std::string* key) {
      return version != nullptr && index->KeyOfVersion(schema, *version, key, &has_null) &&
             Contains(group, *key);
    };
    if (!in_range(before, &before_key_)) before = nullptr;
    if (!in_range(after, &after_key_)) after = nullptr;
    if (before == nullptr && after == nullptr) return false;
    // It may have come at another place.
    if (before != nullptr && after != nullptr && before_key_ != after_key_) return true;
  }
  return group.filter == nullptr || group.filter->Notices(before, after);
}

bool ReadSet::Notices(TabletId tablet, const RowVersion* before, const RowVersion* after) {
  Table* table = const_cast<Table*>(Find(tablet));
  if (table == nullptr) return false;
  if (table->whole) return true;
  return std::any_of(table->groups.begin(), table->groups.end(),
                     [&](Group& group) { return GroupNotices(*table, group, before, after); });
}

}  // namespace oxibase
