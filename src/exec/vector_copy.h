#pragma once
// Moving values between vectors: by width, not by type, since a value's bytes are all there is to
// copy (and the text of long strings).

#include <cstdint>
#include <span>

#include "common/vector.h"

namespace oxibase {

/// Copies rows source[sel[i]] (source[i] when `sel` is null) behind the `at` rows of the flat `to`,
/// long strings into its arena. REQUIRES: room for at + count
void CopyRows(Vector& to, uint32_t at, const Vector& source, const uint32_t* sel, uint32_t count);

/// Lets `to` stand for `count` rows that are all row `row` of `source`; borrows.
void RepeatRow(Vector& to, const Vector& source, uint32_t row);

/// Keeps the rows `sel[0..count)` (increasing) of every column, in place.
void SelectRows(Batch& batch, const uint32_t* sel, uint32_t count);

/// Writes `rows` as a plain flat vector of NULLs.
void SetAllNull(Vector& to);

/// Bytes of the long strings among the first `count` rows, for memory accounting.
size_t LongStringBytes(const Vector& vector, uint32_t count);

/// A constant vector for each of `values`, reusing `batch`. One row.
void SetSingleRow(Batch& batch, std::span<const Value> values);

}  // namespace oxibase
