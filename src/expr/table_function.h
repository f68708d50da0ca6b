#pragma once
// Helpers for functions that return rows. Private to expr.

#include <memory>
#include <span>
#include <vector>

#include "expr/eval_context.h"
#include "expr/function.h"
#include "expr/kernels.h"

namespace oxibase {

/// Makes `out` a batch of these columns, flat and empty, with room for a full vector.
void StartBatch(Batch& out, std::span<const Type> types);

/// No rows at all: what a strict function returns for a NULL argument.
class NoRows : public TableFunctionState {
 public:
  explicit NoRows(std::vector<Type> types) : types_(std::move(types)) {}
  Status Next(EvalContext&, Batch& out) override {
    StartBatch(out, types_);
    return {};
  }

 private:
  std::vector<Type> types_;
};

/// Rows that are there already, one vector of values a column.
class RowsOfValues : public TableFunctionState {
 public:
  explicit RowsOfValues(std::vector<Type> types)
      : types_(std::move(types)), columns_(types_.size()) {}
  void Add(size_t column, Value value) { columns_[column].push_back(std::move(value)); }
  Status Next(EvalContext&, Batch& out) override;

 private:
  std::vector<Type> types_;
  std::vector<std::vector<Value>> columns_;
  size_t next_ = 0;
};

using TableRows = Result<std::unique_ptr<TableFunctionState>>;

/// The types of the call's columns: polymorphic and absent ones are the call's result.
std::vector<Type> OutTypes(const CallSite& site);

/// Wraps a maker so that NULL arguments of strict functions give no rows.
template <TableRows (*kOpen)(EvalContext&, CallSite&, std::span<const Value>)>
TableRows StrictOpen(EvalContext& context, CallSite& site, std::span<const Value> args) {
  for (const Value& arg : args) {
    if (arg.is_null()) {
      return std::unique_ptr<TableFunctionState>(std::make_unique<NoRows>(OutTypes(site)));
    }
  }
  return kOpen(context, site, args);
}

}  // namespace oxibase
