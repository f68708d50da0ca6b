// How many bytes a table takes as a segment, column by column: reads a CSV file with a heading,
// packs it as a checkpoint does, reads it back.
//
//   segment_size FILE.csv TYPE[,TYPE ...]      int2 int4 int8 bool date numeric text varchar
//   bpchar:N

#include <time.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "common/numeric.h"
#include "env/env.h"
#include "storage/segment/block_cache.h"
#include "storage/segment/segment_file.h"
#include "storage/segment/segment_writer.h"

namespace oxibase {
namespace {

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void Check(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  std::exit(1);
}

/// The fields of the next record, quotes taken off; false at the end.
bool NextRecord(std::istream& in, std::vector<std::string>& fields, std::vector<bool>& quoted) {
  fields.clear();
  quoted.clear();
  if (in.peek() == EOF) return false;
  std::string field;
  bool in_quotes = false;
  bool was_quoted = false;
  for (int c = in.get();; c = in.get()) {
    if (in_quotes && c != EOF) {
      if (c != '"') {
        field += static_cast<char>(c);
      } else if (in.peek() == '"') {
        field += static_cast<char>(in.get());
      } else {
        in_quotes = false;
      }
    } else if (c == '"') {
      in_quotes = was_quoted = true;
    } else if (c == ',' || c == '\n' || c == EOF) {
      fields.push_back(std::move(field));
      quoted.push_back(was_quoted);
      field.clear();
      was_quoted = false;
      if (c != ',') return true;
    } else if (c != '\r') {
      field += static_cast<char>(c);
    }
  }
}

struct ColumnType {
  Type type;
  size_t pad = 0;
};

Value Parse(const ColumnType& column, const std::string& text) {
  const Type type = column.type;
  switch (type.id) {
    case TypeId::kInt2:
      return Value::Fixed(type, static_cast<int16_t>(std::atoi(text.c_str())));
    case TypeId::kInt4:
      return Value::Fixed(type, std::atoi(text.c_str()));
    case TypeId::kInt8:
      return Value::Fixed(type, static_cast<int64_t>(std::atoll(text.c_str())));
    case TypeId::kBool:
      return Value::Fixed(type, static_cast<uint8_t>(text[0] == 't' || text[0] == 'T'));
    case TypeId::kDate: {
      using namespace std::chrono;
      const auto day = sys_days(year(std::atoi(text.c_str())) / std::atoi(text.c_str() + 5) /
                                std::atoi(text.c_str() + 8));
      return Value::Fixed(type, static_cast<int32_t>((day - sys_days(2000y / 1 / 1)).count()));
    }
    case TypeId::kNumeric:
      return Value::String(type, Numeric::Parse(text)->Bytes());
    default: {
      std::string padded = text;
      if (padded.size() < column.pad) padded.resize(column.pad, ' ');
      return Value::String(type, std::move(padded));
    }
  }
}

int Main(const char* path, const std::string& types) {
  std::vector<ColumnType> columns;
  std::vector<std::pair<ColumnId, Type>> layout_columns;
  for (size_t at = 0; at <= types.size();) {
    const size_t end = std::min(types.find(',', at), types.size());
    const std::string name = types.substr(at, end - at);
    const size_t colon = std::min(name.find(':'), name.size());
    ColumnType column;
    column.type = FindTypeByName(name.substr(0, colon));
    if (colon < name.size()) column.pad = std::stoul(name.substr(colon + 1));
    columns.push_back(column);
    layout_columns.emplace_back(ColumnId(static_cast<int16_t>(columns.size())), column.type);
    at = end + 1;
  }
  const auto layout = std::make_shared<RowLayout>(SchemaVersion{1}, layout_columns);
  const TableSchema schema({layout});
  FileSystem& files = Env::Real().files();
  SegmentWriter::Options options;
  options.path = std::string(path) + ".seg";
  auto created = SegmentWriter::Create(files, options);
  Check(created.ok() ? Status::Ok() : created.status());
  SegmentWriter& writer = **created;

  std::ifstream in(path, std::ios::binary);
  std::vector<std::string> names, fields;
  std::vector<bool> quoted;
  NextRecord(in, names, quoted);
  std::vector<Vector> row(columns.size());
  std::vector<const Vector*> pointers;
  for (size_t c = 0; c < columns.size(); ++c) row[c] = Vector(columns[c].type);
  for (const Vector& column : row) pointers.push_back(&column);
  double packing = 0;
  uint64_t id = 0;
  std::vector<std::byte> bytes;
  while (NextRecord(in, fields, quoted)) {
    if (fields.size() != columns.size()) continue;
    for (size_t c = 0; c < columns.size(); ++c) {
      row[c].ResetFlat(1);
      row[c].SetValue(0, fields[c].empty() && !quoted[c] ? Value::Null(columns[c].type)
                                                         : Parse(columns[c], fields[c]));
    }
    bytes.resize(layout->BytesNeeded(pointers, 0));
    layout->Build(pointers, 0, bytes.data());
    const double begin = writer.group_is_full() ? CpuSeconds() : 0;
    Check(writer.Add(schema, RowId(++id), Timestamp{4096}, 1, bytes));
    if (begin != 0) packing += CpuSeconds() - begin;
  }
  Check(writer.Finish());

  EpochManager epochs;
  BlockCache cache(epochs, nullptr, 0);
  auto opened = SegmentFile::Open(files, options.path, {}, {}, cache);
  Check(opened.ok() ? Status::Ok() : opened.status());
  const SegmentFile& segment = **opened;
  std::printf("%-20s %14s %10s %12s\n", "column", "bytes", "a row", "read M/s");
  uint64_t sum = 0;
  for (size_t c = 0; c < columns.size(); ++c) {
    uint64_t column_bytes = 0;
    Vector out(columns[c].type);
    const double begin = CpuSeconds();
    for (uint32_t g = 0; g < segment.groups().size(); ++g) {
      column_bytes += segment.ColumnBytes(g, c);
      auto column = segment.LoadColumn(g, c);
      Check(column.ok() ? Status::Ok() : column.status());
      out.ResetFlat(segment.groups()[g].rows);
      (*column)->CopyTo(out, 0, 0, segment.groups()[g].rows);
    }
    const double seconds = CpuSeconds() - begin;
    sum += column_bytes;
    std::printf("%-20s %14llu %10.2f %12.0f\n", names[c].c_str(),
                static_cast<unsigned long long>(column_bytes),
                static_cast<double>(column_bytes) / static_cast<double>(id),
                static_cast<double>(id) / seconds / 1e6);
  }
  std::printf("%-20s %14llu %10.2f\n", "file",
              static_cast<unsigned long long>(segment.file_bytes()),
              static_cast<double>(segment.file_bytes()) / static_cast<double>(id));
  std::printf("%llu rows, packed in %.1f s of one processor\n", static_cast<unsigned long long>(id),
              packing);
  Check(files.Remove(options.path));
  return sum == 0 ? 1 : 0;
}

}  // namespace
}  // namespace oxibase

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: segment_size FILE.csv TYPE[,TYPE ...]\n");
    return 2;
  }
  return oxibase::Main(argv[1], argv[2]);
}
