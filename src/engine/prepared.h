#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/plan_variants.h"
#include "engine/session.h"
#include "exec/executor.h"
#include "exec/point_read.h"
#include "sql/bind/binder.h"
#include "sql/parse/ast.h"
#include "sql/plan/physical.h"

namespace oxibase {

/// One statement of a session: its syntax tree, and for those that have one its plan, which is made
/// anew when the catalog or a setting it depends on changed.
class PreparedImpl : public PreparedStatement {
 public:
  std::span<const Type> param_types() const override { return types; }
  std::span<const ResultColumn> columns() const override { return result; }
  std::string_view text() const override { return sql; }
  bool is_empty() const override { return statement == nullptr; }
  void LetResultChange() override { result_may_change = true; }
  bool copies_data() const override;
  /// The same statement without a plan, to be given one for some parameters only.
  std::shared_ptr<PreparedImpl> WithoutPlan() const {
    auto made = std::make_shared<PreparedImpl>();
    made->sql = sql;
    made->statement = statement;
    made->types = types;
    made->made_micros = made_micros;
    if (cursor) made->cursor = std::make_unique<CursorFacts>();
    made->point_read_tried = true;  // a point read is made for all parameters
    return made;
  }
  bool changes_data() const override { return plan && plan->modifies; }

  /// SELECT, INSERT, UPDATE, DELETE: what has a plan.
  bool is_planned() const { return plan != nullptr; }

  std::string sql;
  /// Made of a text, for it alone: its result may change with the tables.
  bool result_may_change = false;
  std::string cache_key;  // in the plan cache: the text and the kinds of its literals
  std::shared_ptr<const ast::Statement> statement;  // shares the tree it is a part of
  std::vector<Type> types;
  std::vector<ResultColumn> result;
  std::unique_ptr<CursorFacts> cursor;  // null: it is no cursor's query
  std::vector<CurrentOf> current_of;
  int64_t made_micros = 0;  // of PREPARE and DECLARE: when, since 2000

  std::shared_ptr<const PhysicalPlan> plan;
  /// What of its parameters the plan counts on: it is a variant of another statement.
  std::vector<ExprPtr> assumed;
  /// The plan is for these parameters alone: it was made for one execution of another statement.
  std::vector<Value> own_params;
  /// How many such plans there were, and what they cost together.
  uint32_t custom_plans = 0;
  double custom_cost = 0;
  /// There is nothing to make another plan of.
  bool is_plan_only = false;
  /// Of a statement whose plan has assumptions, once it has run.
  std::unique_ptr<PlanVariants> variants;
  uint64_t catalog_number = 0;
  uint64_t plan_epoch = 0;
  struct TableLock {
    Oid table;
    TableLockMode mode;
  };
  std::vector<TableLock> locks;
  /// Operators of `plan` that no portal uses at the moment.
  std::unique_ptr<Executor> idle;
  /// Of a plan that is one lookup, where no portal uses it; made with the first execution.
  std::unique_ptr<PointRead> point_read;
  bool point_read_tried = false;
};

}  // namespace oxibase
