#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/key_codec.h"
#include "exec/exec_state.h"
#include "exec/expression_list.h"
#include "sql/plan/physical.h"
#include "storage/index/index_spec.h"
#include "txn/tablet_access.h"

namespace oxibase {

/// Turns an IndexRange of a plan into ranges of keys. The values are either scalars (parameters and
/// constants) or come from the rows of an outer batch.
class IndexRangeBuilder {
 public:
  IndexRangeBuilder(const IndexRange& plan, const IndexSpec& spec) : plan_(plan), spec_(spec) {}
  Status Prepare();

  /// All ranges of parameters and constants, in key order; false: no rows. One range is at hand
  /// after it; `NextRange` makes the others current.
  Result<bool> BeginScalar(EvalContext& context, bool backward);
  /// The same of a unique point: only its key is made, for `point_key`, and no range.
  Result<bool> BeginPoint(EvalContext& context);
  /// Evaluates the values over an outer batch; then `BeginRow` for each of its rows.
  Status EvaluateOuter(EvalContext& context, const Batch& outer);
  Result<bool> BeginRow(uint32_t row, bool backward);

  bool NextRange();
  const KeyRange& range() const { return range_; }
  /// Makes the range of BeginPoint's key.
  void MakePointRange() { MakeRange(); }
  /// The last Begin's key. REQUIRES: is_unique_point()
  const std::string& point_key() const { return prefix_; }
  /// Whether a full key of the index lies in any of the ranges of the last Begin.
  bool Contains(std::string_view key);
  /// Equality on all columns of a unique index: one row at most.
  bool is_unique_point() const { return unique_point_; }

 private:
  template <typename Source>
  Result<bool> AppendEqual(const Source& source);
  template <typename Source>
  Result<bool> Begin(const Source& source, bool backward);
  void MakeRange();
  Status MakeElements(const Value& array, bool backward);

  const IndexRange& plan_;
  const IndexSpec& spec_;
  ExpressionList equal_;
  OptionalExpression any_of_, lower_, upper_;
  bool unique_point_ = false;

  std::vector<const Vector*> outer_equal_;
  const Vector* outer_any_of_ = nullptr;
  const Vector* outer_lower_ = nullptr;
  const Vector* outer_upper_ = nullptr;

  std::string prefix_;
  std::string lower_key_, upper_key_;  // of the bounds' values
  std::vector<std::string> elements_;  // keys of any_of
  size_t element_ = 0;
  KeyRange range_;
};

/// Whether `key` lies in `range`, bounds being prefixes as KeyRange says.
bool RangeContains(const KeyRange& range, std::string_view key);

}  // namespace oxibase
