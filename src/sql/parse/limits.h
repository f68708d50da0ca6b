#pragma once
// The parser's bounds, each with the reason for its value.

#include <cstddef>

namespace oxibase {

/// A longer text is refused with 54000 before it is parsed: the grammar needs several times a
/// literal's size. The setting statement_bytes_max can lower it.
inline constexpr size_t kStatementBytesMax = size_t{64} << 20;

/// Levels of nesting in a syntax tree; more is refused with 54001. All later passes recurse over
/// the tree or what they made of it, with frames of some 500 bytes (several times that under a
/// sanitizer) and a few of them a level: 1,000 levels fit 8 MiB of stack in every build.
inline constexpr int kSyntaxDepthMax = 1000;

}  // namespace oxibase
