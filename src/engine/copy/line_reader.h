#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "engine/copy/copy_options.h"

namespace oxibase {

/// One field of a row that COPY reads.
struct CopyField {
  bool is_null = false;
  std::string_view text;
};

/// Takes text or CSV bytes in any cuts and gives rows of fields. Not thread-safe.
class LineReader {
 public:
  explicit LineReader(const CopyOptions& options) : options_(options) {}

  void Feed(std::string_view bytes);
  /// No more bytes come: a last line without an end counts.
  void FeedEnd() { at_end_ = true; }
  /// The next row's fields, valid until the next call; false if bytes are missing or at the end.
  /// 22P04 for malformed data.
  Result<bool> Next(std::vector<CopyField>* fields);
  /// Of the row Next gave last, from 1.
  uint64_t line() const { return line_; }
  /// Its text, valid until the next Feed.
  std::string_view line_text() const {
    return std::string_view(data_).substr(line_at_, line_size_);
  }

 private:
  /// The end of the line at the front of the data: bytes of it and of its end. False: incomplete.
  bool FindLine(size_t* size, size_t* end_size);
  Status SplitText(std::string_view line, std::vector<CopyField>* fields);
  Status SplitCsv(std::string_view line, std::vector<CopyField>* fields);

  const CopyOptions& options_;
  std::string data_;
  size_t at_ = 0;
  // Of the line at at_, what was searched for its end, and whether that ends within quotes.
  size_t searched_ = 0;
  bool quoted_ = false;
  size_t line_at_ = 0, line_size_ = 0;
  bool at_end_ = false;
  bool finished_ = false;  // "\." was read
  uint64_t line_ = 0, next_line_ = 1;
  // Unescaped text of the row's fields, addressed by offset until all is there.
  std::string pool_;
  struct Span {
    bool is_null;
    size_t begin, size;
  };
  std::vector<Span> spans_;
};

}  // namespace oxibase
