#include "storage/segment/segment_store.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace oxibase {
namespace {

constexpr std::string_view kSegmentSuffix = ".seg";
constexpr std::string_view kRunSuffix = ".run";
constexpr std::string_view kTemporaryPrefix = "sort-";

std::optional<uint64_t> ParseNumbered(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix) || name.size() != 16 + suffix.size()) return std::nullopt;
  uint64_t number = 0;
  const char* end = name.data() + 16;
  const auto parsed = std::from_chars(name.data(), end, number, 16);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

}  // namespace

SegmentStore::Held SegmentStore::NewFile() {
  MutexLock lock(mu_);
  const uint64_t number = next_number_++;
  held_.insert(number);
  return {shared_from_this(), number};
}

SegmentStore::Held SegmentStore::HoldFile(uint64_t number) {
  MutexLock lock(mu_);
  OXI_CHECK(held_.insert(number).second);
  next_number_ = std::max(next_number_, number + 1);
  return {shared_from_this(), number};
}

void SegmentStore::Release(uint64_t number) {
  MutexLock lock(mu_);
  held_.erase(number);
}

uint64_t SegmentStore::next_number() const {
  MutexLock lock(mu_);
  return next_number_;
}

bool SegmentStore::IsHeld(uint64_t number) const {
  MutexLock lock(mu_);
  return held_.contains(number);
}

std::string SegmentStore::SegmentPath(uint64_t number) const {
  return JoinPath(path_, SegmentFileName(number));
}

std::string SegmentStore::RunPath(uint64_t number) const {
  return JoinPath(path_, RunFileName(number));
}

std::string SegmentStore::TemporaryPath(uint64_t number) const {
  return JoinPath(path_, fmt::format("{}{:016x}-", kTemporaryPrefix, number));
}

Result<std::shared_ptr<const FrozenSegment>> SegmentStore::OpenSegment(
    Held file, TabletId tablet, std::shared_ptr<PrivateRows> private_rows) {
  ASSIGN_OR_RETURN(std::unique_ptr<const FrozenSegment> segment,
                   FrozenSegment::Open(files_, SegmentPath(file.number()), file.number(), tablet,
                                       identity_, cache_, memory_, std::move(private_rows)));
  // Shared by the lists that name it.
  auto held = std::make_shared<std::pair<Held, std::unique_ptr<const FrozenSegment>>>(
      std::move(file), std::move(segment));
  return std::shared_ptr<const FrozenSegment>(held, held->second.get());
}

Result<std::shared_ptr<const IndexRun>> SegmentStore::OpenRun(Held file, TabletId tablet,
                                                              Oid index) {
  ASSIGN_OR_RETURN(
      std::unique_ptr<const IndexRun> run,
      IndexRun::Open(files_, RunPath(file.number()), tablet, index, identity_, cache_, memory_));
  auto held = std::make_shared<std::pair<Held, std::unique_ptr<const IndexRun>>>(std::move(file),
                                                                                 std::move(run));
  return std::shared_ptr<const IndexRun>(held, held->second.get());
}

std::string SegmentFileName(uint64_t number) {
  return fmt::format("{:016x}{}", number, kSegmentSuffix);
}

std::string RunFileName(uint64_t number) { return fmt::format("{:016x}{}", number, kRunSuffix); }

std::optional<uint64_t> ParseSegmentFileName(std::string_view name) {
  return ParseNumbered(name, kSegmentSuffix);
}

std::optional<uint64_t> ParseRunFileName(std::string_view name) {
  return ParseNumbered(name, kRunSuffix);
}

std::optional<uint64_t> ParseTemporaryFileName(std::string_view name) {
  if (!name.starts_with(kTemporaryPrefix)) return std::nullopt;
  name.remove_prefix(kTemporaryPrefix.size());
  return ParseNumbered(name.substr(0, std::min<size_t>(name.find('-'), name.size())), "");
}

}  // namespace oxibase
