#pragma once
// Hashing, equality and order of whole vectors by SQL's rules for their types: what joins,
// grouping, DISTINCT and sorting go by. NULLs are equal to each other here, as grouping wants.

#include <cstdint>

#include "common/types.h"
#include "common/vector.h"

namespace oxibase {

/// The hash of NULL.
inline constexpr uint64_t kNullHash = 0x9E3779B97F4A7C15;

inline uint64_t CombineHash(uint64_t seed, uint64_t hash) {
  return (seed ^ (hash + 0x9E3779B97F4A7C15 + (seed << 6) + (seed >> 2))) * 0xFF51AFD7ED558CCD;
}

/// Whether values of the type can be hashed and compared at all (json can not).
bool IsHashable(TypeId type);

/// Hashes rows 0..rows of `vector` into `hashes`; `combine` mixes them into what is there, for
/// keys of several columns. Equal values (numeric 1.0 and 1.00, bpchar 'a' and 'a ', -0.0 and 0.0)
/// have equal hashes; so have equal int2, int4 and int8 values, and equal float4 and float8.
void HashVector(const Vector& vector, uint32_t rows, uint64_t* hashes, bool combine);

/// Compares rows[i] of `a` with rows_b[i] of `b`, both of one type, for a whole list of candidate
/// pairs: keeps in `pairs[0..result)` the positions i (taken from pairs[0..count)) that are equal.
/// `null_equal`: two NULLs are equal (grouping), else no NULL equals anything (joins).
uint32_t SelectEqual(const Vector& a, const uint32_t* a_rows, const Vector& b,
                     const uint32_t* b_rows, bool null_equal, uint32_t* pairs, uint32_t count);

/// One pair. NULL equals NULL.
bool RowsEqual(Type type, const VectorView& a, uint32_t a_row, const VectorView& b, uint32_t b_row);

/// -1, 0 or 1; REQUIRES: neither is NULL. Types without an order (json) compare by their bytes.
int CompareRows(Type type, const VectorView& a, uint32_t a_row, const VectorView& b,
                uint32_t b_row);
/// For ORDER BY: with NULLs and direction.
int CompareForSort(Type type, bool descending, bool nulls_first, const VectorView& a,
                   uint32_t a_row, const VectorView& b, uint32_t b_row);

}  // namespace oxibase
