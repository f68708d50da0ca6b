#pragma once
// Row ids of one key as an index run of a bitmap index has them: cut into chunks of ids that share
// all but the lowest 16 bits, each in the smallest of three forms. docs/format/index_run.md shows
// the bytes.

#include <cstdint>
#include <span>
#include <vector>

#include "storage/byte_codec.h"

namespace oxibase {

/// Appends `rows`, ascending.
void AppendRowChunks(std::span<const uint64_t> rows, std::vector<std::byte>& out);
/// Appends `count` rows to `rows`. False for bytes that are not exactly so many, ascending.
bool ReadRowChunks(ByteReader& from, uint64_t count, std::vector<uint64_t>& rows);

}  // namespace oxibase
