#include "storage/segment/segment_salvage.h"

#include <fmt/core.h>

#include <cstring>

#include "storage/byte_codec.h"
#include "storage/checksum.h"
#include "storage/segment/segment_reader.h"

namespace oxibase {
namespace {

std::array<std::byte, kSegmentHeaderBytes> HeaderOf(const SegmentSalvage::Options& options) {
  std::array<std::byte, kSegmentHeaderBytes> header{};
  std::memcpy(header.data(), "OXISEG\r\n", 8);
  // Encodings are named by each block, so the format's version says nothing more.
  StoreLe<uint32_t>(header.data() + 8, kSegmentFormatVersion);
  StoreLe(header.data() + 16, options.tablet.value);
  StoreLe(header.data() + 24, options.number);
  std::memcpy(header.data() + 32, options.identity.data(), options.identity.size());
  StoreLe(header.data() + 48, options.as_of.value);
  StoreLe(header.data() + 12, Crc32c(ByteSpan(header).subspan(16)));
  return header;
}

bool IsDamage(const Status& status) {
  return status.code() == ErrorCode::kDataCorrupted || status.code() == ErrorCode::kUndefinedFile ||
         status.code() == ErrorCode::kIoError || status.code() == ErrorCode::kFeatureNotSupported;
}

}  // namespace

Status SegmentSalvage::RepairHeader(FileSystem& files) {
  const auto file = files.Open(options_.path, OpenMode::kRead);
  if (!file.ok()) return Status::Ok();
  std::array<std::byte, kSegmentHeaderBytes> header;
  if (!(*file)->ReadExactlyAt(0, header).ok()) return Status::Ok();
  if (std::memcmp(header.data(), "OXISEG\r\n", 8) == 0 &&
      LoadLe<uint32_t>(header.data() + 8) <= kSegmentFormatVersion &&
      LoadLe<uint32_t>(header.data() + 8) >= kSegmentFormatOldest &&
      LoadLe<uint32_t>(header.data() + 12) == Crc32c(ByteSpan(header).subspan(16)))
    return Status::Ok();
  // Whose file it is, its footer says as well.
  ASSIGN_OR_RETURN(const std::unique_ptr<File> to, files.Open(options_.path, OpenMode::kReadWrite));
  RETURN_IF_ERROR(to->WriteAt(0, HeaderOf(options_)));
  damages_.push_back(
      fmt::format("segment file \"{}\", offset 0: its header was damaged; nothing is lost by that",
                  options_.path));
  return Status::Ok();
}

bool SegmentSalvage::IsMeant(const SegmentFooter& footer) const {
  return options_.row_count == UINT64_MAX ||
         (footer.row_count == options_.row_count &&
          footer.removed_count == options_.removed_count && footer.as_of == options_.as_of);
}

Status SegmentSalvage::Read(FileSystem& files) {
  RETURN_IF_ERROR(RepairHeader(files));
  const auto opened = SegmentReader::Open(files, options_.path, options_.tablet, options_.identity);
  if (!opened.ok()) {
    if (!IsDamage(opened.status())) return opened.status();
    damages_.emplace_back(opened.status().message());
    unknown_.emplace_back(0, UINT64_MAX - 1);
    return Status::Ok();
  }
  const SegmentReader& reader = **opened;
  if (!IsMeant(reader.footer())) {
    damages_.push_back(
        fmt::format("segment file \"{}\" is not the one that the manifest means: it is passed over",
                    options_.path));
    unknown_.emplace_back(0, UINT64_MAX - 1);
    return Status::Ok();
  }
  footer_ = reader.footer();
  footer_.groups.clear();
  footer_.row_count = 0;
  for (const SegmentFooter::Group& group : reader.footer().groups) {
    bool good = false;
    RETURN_IF_ERROR(ReadGroup(reader, group, &good));
    if (!good) continue;
    footer_.groups.push_back(group);
    footer_.row_count += group.rows;
  }
  ReadRemoved(reader);
  return Status::Ok();
}

Status SegmentSalvage::ReadGroup(const SegmentReader& reader, const SegmentFooter::Group& group,
                                 bool* good) {
  *good = true;
  std::vector<uint64_t> ids, begins;
  bool ids_known = true;
  if (const Status status = reader.ReadRowIds(group, ids); !status.ok()) {
    if (!IsDamage(status)) return status;
    damages_.emplace_back(status.message());
    ids_known = group.last.value - group.first.value + 1 == group.rows;
    ids.clear();
    for (uint64_t i = 0; ids_known && i < group.rows; ++i) ids.push_back(group.first.value + i);
    *good = ids_known;
    if (ids_known) replaced_.push_back({group.first.value, false, ids});
  }
  if (const Status status = reader.ReadBegins(group, begins); !status.ok()) {
    if (!IsDamage(status)) return status;
    damages_.emplace_back(status.message());
    // When they began matters to old snapshots alone.
    begins.assign(group.rows, group.begin_max.value);
    replaced_.push_back({group.first.value, true, begins});
  }
  for (size_t column = 0; column < group.columns.size(); ++column) {
    Vector values;
    const Status status = reader.ReadColumn(group, column, values);
    if (status.ok()) continue;
    if (!IsDamage(status)) return status;
    damages_.emplace_back(status.message());
    *good = false;
  }
  if (*good) {
    for (const uint64_t id : ids) rows_.add(id);
    return Status::Ok();
  }
  std::erase_if(replaced_, [&](const Replaced& block) { return block.first == group.first.value; });
  lost_rows_ += group.rows;
  damages_.back() += fmt::format(" (lost: {} rows, from row id {} to {})", group.rows,
                                 group.first.value, group.last.value);
  if (ids_known) {
    for (const uint64_t id : ids) lost_.add(id);
  } else {
    unknown_.emplace_back(group.first.value, group.last.value);
  }
  return Status::Ok();
}

void SegmentSalvage::ReadRemoved(const SegmentReader& reader) {
  uint64_t before = 0;      // ids up to here are in blocks that were read
  bool is_unknown = false;  // since then a block could not be
  std::vector<uint64_t> ids;
  for (const SegmentFooter::Removed& block : reader.footer().removed) {
    const Status status = reader.ReadRemoved(block, ids);
    if (!status.ok()) {
      damages_.push_back(fmt::format("{} ({} rows that were gone are not known any more)",
                                     status.message(), block.rows));
      is_unknown = true;
      continue;
    }
    if (is_unknown) unknown_.emplace_back(before, ids.front());
    is_unknown = false;
    for (const uint64_t id : ids) removed_.add(id);
    before = ids.back();
  }
  if (is_unknown) unknown_.emplace_back(before, UINT64_MAX - 1);
}

Status SegmentSalvage::Append(std::vector<std::byte>* block, BlockRef* where) {
  ASSIGN_OR_RETURN(const uint64_t at, file_->Size());
  *where = {at, block->size()};
  RETURN_IF_ERROR(file_->Append(*block));
  block->clear();
  return Status::Ok();
}

Status SegmentSalvage::Write(FileSystem& files, const Roaring64Map& removed) {
  if (is_lost()) {
    ASSIGN_OR_RETURN(file_, files.Open(options_.path, OpenMode::kCreateOrEmpty));
    RETURN_IF_ERROR(file_->WriteAt(0, HeaderOf(options_)));
    footer_ = SegmentFooter();
    footer_.tablet = options_.tablet;
    footer_.as_of = options_.as_of;
  } else {
    // Blocks that are whole stay where they are; what is new comes behind them.
    ASSIGN_OR_RETURN(file_, files.Open(options_.path, OpenMode::kReadWrite));
  }
  std::vector<std::byte> bytes;
  for (const Replaced& block : replaced_) {
    for (SegmentFooter::Group& group : footer_.groups) {
      if (group.first.value != block.first) continue;
      EncodeWords(block.words, bytes);
      RETURN_IF_ERROR(Append(&bytes, block.are_begins ? &group.begins : &group.row_ids));
    }
  }
  footer_.removed.clear();
  footer_.removed_count = 0;
  std::vector<uint64_t> ids;
  const auto flush = [&] {
    if (ids.empty()) return Status::Ok();
    EncodeWords(ids, bytes);
    SegmentFooter::Removed& block = footer_.removed.emplace_back();
    block.rows = static_cast<uint32_t>(ids.size());
    footer_.removed_count += ids.size();
    ids.clear();
    return Append(&bytes, &block.row_ids);
  };
  for (const uint64_t id : removed) {
    ids.push_back(id);
    if (ids.size() == kVectorSize) RETURN_IF_ERROR(flush());
  }
  RETURN_IF_ERROR(flush());
  footer_.Encode(bytes);
  const size_t footer_bytes = bytes.size();
  const uint32_t checksum = Crc32c(bytes);
  BlockRef footer;
  RETURN_IF_ERROR(Append(&bytes, &footer));
  bytes.resize(kSegmentTrailerBytes);
  StoreLe(bytes.data(), footer.offset);
  StoreLe(bytes.data() + 8, static_cast<uint32_t>(footer_bytes));
  StoreLe(bytes.data() + 12, checksum);
  std::memcpy(bytes.data() + 16, "OXISEGF\n", 8);
  RETURN_IF_ERROR(file_->Append(bytes));
  file_.reset();
  return Status::Ok();
}

}  // namespace oxibase
