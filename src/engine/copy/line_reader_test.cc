// Lines in whatever cuts they come.

#include "engine/copy/line_reader.h"

#include <gtest/gtest.h>

namespace oxibase {
namespace {

/// Rows as "field|field", fed in pieces of `cut` bytes.
std::vector<std::string> Read(const CopyOptions& options, std::string_view bytes, size_t cut) {
  LineReader reader(options);
  std::vector<std::string> rows;
  std::vector<CopyField> fields;
  const auto take = [&] {
    for (;;) {
      const Result<bool> more = reader.Next(&fields);
      EXPECT_TRUE(more.ok()) << more.status().message();
      if (!more.ok() || !*more) return;
      std::string row;
      for (const CopyField& field : fields) {
        if (!row.empty()) row += '|';
        row += field.is_null ? "NULL" : field.text;
      }
      rows.push_back(row);
    }
  };
  for (size_t at = 0; at < bytes.size(); at += cut) {
    reader.Feed(bytes.substr(at, cut));
    take();
  }
  reader.FeedEnd();
  take();
  return rows;
}

TEST(LineReaderTest, RowsDoNotDependOnTheCuts) {
  CopyOptions text;
  CopyOptions csv;
  csv.format = CopyOptions::Format::kCsv;
  csv.delimiter = ',';
  csv.null_text = "";
  csv.quote = csv.escape = '"';
  CopyOptions escaped = csv;
  escaped.escape = '\\';
  const std::vector<std::pair<const CopyOptions*, std::string>> inputs = {
      {&text, "a\tb\\\nc\r\nd\t\\N\nlast\t\\\\"},
      {&csv, "a,\"b\"\"\n,c\"\r\n,\"\"\nlast,\"x\r\ny\""},
      {&escaped, "a,\"b\\\"\n,c\"\n\"\\\\\",d\r\nlast,e"},
  };
  for (const auto& [options, bytes] : inputs) {
    const auto whole = Read(*options, bytes, bytes.size());
    EXPECT_EQ(whole.size(), 3u) << bytes;
    for (size_t cut = 1; cut < 8; ++cut) EXPECT_EQ(Read(*options, bytes, cut), whole) << cut;
  }
}

}  // namespace
}  // namespace oxibase
