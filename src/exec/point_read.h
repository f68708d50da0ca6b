#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/key_codec.h"
#include "common/vector.h"
#include "exec/exec_context.h"
#include "exec/unique_lookup.h"
#include "sql/plan/physical.h"

namespace oxibase {

class RowLayout;
class SingleRead;
class Tablet;

/// A plan that is one lookup of one row by a unique index, run without operators: the key from
/// parameters and constants, the row as it is. What it cannot answer goes the ordinary way.
class PointRead {
 public:
  /// Null if the plan is something else. Errors: what `tables` says.
  static Result<std::unique_ptr<PointRead>> Create(std::shared_ptr<const PhysicalPlan> plan,
                                                   TableResolver& tables);

  const PhysicalPlan* plan() const { return plan_.get(); }
  Oid table() const { return table_; }
  /// The row, valid until the next call; null: run the plan. REQUIRES: `read` holds table()
  const Batch* Read(const SingleRead& read, std::span<const Value> params);

 private:
  struct Key {
    const Value* constant;  // null: the parameter
    uint32_t param;
    SortOrder order;
  };
  struct Column {
    size_t position;  // in the layout
    uint32_t offset;  // of its slot in the row
    PhysicalType physical;
  };

  PointRead() = default;

  std::shared_ptr<const PhysicalPlan> plan_;
  Oid table_ = 0;
  std::shared_ptr<Tablet> tablet_;
  std::optional<UniqueLookup> lookup_;
  const RowLayout* layout_ = nullptr;
  std::vector<Key> keys_;
  std::vector<Column> columns_;
  std::string key_;
  std::unique_ptr<std::byte[]> row_;  // a copy: nothing of the storage is held on return
  uint32_t row_capacity_ = 0;
  Batch out_;
};

}  // namespace oxibase
