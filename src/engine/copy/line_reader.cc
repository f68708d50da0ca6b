#include "engine/copy/line_reader.h"

#include <algorithm>

namespace oxibase {
namespace {

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void LineReader::Feed(std::string_view bytes) {
  if (at_ > 0) {
    data_.erase(0, at_);
    at_ = 0;
    line_at_ = line_size_ = 0;
  }
  data_ += bytes;
}

bool LineReader::FindLine(size_t* size, size_t* end_size) {
  const std::string_view rest = std::string_view(data_).substr(at_);
  const bool csv = options_.format == CopyOptions::Format::kCsv;
  // What the last byte means may depend on the one that has not come.
  const auto is_cut = [&](size_t i) { return i + 1 == rest.size() && !at_end_; };
  bool found = false;
  size_t i = searched_;
  for (; i < rest.size() && !found; ++i) {
    const char c = rest[i];
    if (csv) {
      if (quoted_ && c == options_.escape && options_.escape != options_.quote) {
        if (is_cut(i)) break;
        if (i + 1 < rest.size() &&
            (rest[i + 1] == options_.quote || rest[i + 1] == options_.escape)) {
          ++i;
          continue;
        }
      }
      if (c == options_.quote) {
        quoted_ = !quoted_;
        continue;
      }
      if (quoted_) continue;
    } else if (c == '\\') {
      if (is_cut(i)) break;
      ++i;  // an escaped line feed belongs to the value
      continue;
    }
    if (c == '\n' || c == '\r') {
      if (c == '\r' && is_cut(i)) break;
      *size = i;
      *end_size = c == '\r' && i + 1 < rest.size() && rest[i + 1] == '\n' ? 2 : 1;
      found = true;
    }
  }
  if (!found && at_end_ && !rest.empty()) {
    *size = rest.size();
    *end_size = 0;
    found = true;
  }
  searched_ = found ? 0 : i;
  if (found) quoted_ = false;
  return found;
}

Result<bool> LineReader::Next(std::vector<CopyField>* fields) {
  size_t size = 0, end_size = 0;
  if (finished_ || !FindLine(&size, &end_size)) return false;
  const std::string_view line = std::string_view(data_).substr(at_, size);
  line_ = next_line_;
  line_at_ = at_;
  line_size_ = size;
  if (line == "\\.") {
    finished_ = true;
    return false;
  }
  next_line_ += 1 + static_cast<uint64_t>(std::count(line.begin(), line.end(), '\n'));
  pool_.clear();
  spans_.clear();
  RETURN_IF_ERROR(options_.format == CopyOptions::Format::kCsv ? SplitCsv(line, fields)
                                                               : SplitText(line, fields));
  at_ += size + end_size;
  fields->clear();
  for (const Span& span : spans_) {
    fields->push_back({span.is_null, std::string_view(pool_).substr(span.begin, span.size)});
  }
  return true;
}

Status LineReader::SplitText(std::string_view line, std::vector<CopyField>*) {
  size_t at = 0;
  for (;;) {
    size_t raw_end = at;
    bool escaped = false;
    while (raw_end < line.size() && line[raw_end] != options_.delimiter) {
      if (line[raw_end] == '\\' && raw_end + 1 < line.size()) {
        escaped = true;
        ++raw_end;
      }
      ++raw_end;
    }
    const std::string_view raw = line.substr(at, raw_end - at);
    const size_t begin = pool_.size();
    const bool is_null = raw == options_.null_text;
    if (!is_null && !escaped) {
      pool_ += raw;
    } else if (!is_null) {
      for (size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] != '\\' || i + 1 == raw.size()) {
          pool_ += raw[i];
          continue;
        }
        const char c = raw[++i];
        switch (c) {
          case 'b':
            pool_ += '\b';
            break;
          case 'f':
            pool_ += '\f';
            break;
          case 'n':
            pool_ += '\n';
            break;
          case 'r':
            pool_ += '\r';
            break;
          case 't':
            pool_ += '\t';
            break;
          case 'v':
            pool_ += '\v';
            break;
          case 'x': {
            int value = 0, digits = 0;
            while (digits < 2 && i + 1 < raw.size() && HexDigit(raw[i + 1]) >= 0) {
              value = value * 16 + HexDigit(raw[++i]);
              ++digits;
            }
            pool_ += digits ? static_cast<char>(value) : 'x';
            break;
          }
          default:
            if (!IsOctal(c)) {
              pool_ += c;
              break;
            }
            int value = c - '0';
            for (int digits = 1; digits < 3 && i + 1 < raw.size() && IsOctal(raw[i + 1]);
                 ++digits) {
              value = value * 8 + (raw[++i] - '0');
            }
            pool_ += static_cast<char>(value & 0xFF);
        }
      }
    }
    spans_.push_back({is_null, begin, pool_.size() - begin});
    if (raw_end >= line.size()) return {};
    at = raw_end + 1;
  }
}

Status LineReader::SplitCsv(std::string_view line, std::vector<CopyField>*) {
  size_t i = 0;
  for (;;) {
    const size_t begin = pool_.size();
    const size_t raw_begin = i;
    bool was_quoted = false, quoted = false;
    for (;; ++i) {
      if (i >= line.size()) {
        if (quoted) {
          return Error(ErrorCode::kBadCopyFileFormat, "unterminated CSV quoted field");
        }
        break;
      }
      const char c = line[i];
      if (!quoted) {
        if (c == options_.delimiter) break;
        if (c == options_.quote) {
          quoted = was_quoted = true;
          continue;
        }
        pool_ += c;
        continue;
      }
      if (c == options_.escape && i + 1 < line.size() &&
          (line[i + 1] == options_.quote || line[i + 1] == options_.escape)) {
        pool_ += line[++i];
        continue;
      }
      if (c == options_.quote) {
        quoted = false;
        continue;
      }
      pool_ += c;
    }
    // Only what was not quoted can be NULL.
    const bool is_null = !was_quoted && line.substr(raw_begin, i - raw_begin) == options_.null_text;
    spans_.push_back({is_null, begin, pool_.size() - begin});
    if (i >= line.size()) return {};
    ++i;
  }
}

}  // namespace oxibase
