#pragma once

#include <memory>
#include <span>

#include "engine/session.h"
#include "expr/evaluator.h"

namespace oxibase {

class SessionImpl;
struct TableDef;
namespace ast {
struct Expr;
}

/// COPY table FROM ... WHERE: which rows go in. It sees a row as it is read, with the defaults of
/// the columns that the COPY does not bring; generated columns are still NULL.
class CopyFilter {
 public:
  /// `columns`: what the COPY brings, in order. Errors: those of binding the condition.
  static Result<std::unique_ptr<CopyFilter>> Make(SessionImpl& session, const ast::Expr& where,
                                                  const TableDef& table,
                                                  std::span<const ResultColumn> columns);
  /// `row`: the values of those columns.
  Result<bool> Passes(std::span<const Value> row);

 private:
  struct Input {
    size_t position;  // in the batch: that of TableDef::columns
    size_t from;      // in the row; SIZE_MAX: the default
    ColumnId column;
  };
  CopyFilter(SessionImpl& session, const TableDef& table, ExprPtr condition, Evaluator evaluator)
      : session_(session),
        table_(table),
        condition_(std::move(condition)),
        evaluator_(std::move(evaluator)) {}

  SessionImpl& session_;
  const TableDef& table_;
  ExprPtr condition_;
  Evaluator evaluator_;  // refers to it
  std::vector<Input> inputs_;
  Batch batch_;
};

}  // namespace oxibase
