#pragma once

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "expr/evaluator.h"
#include "expr/expression.h"

namespace oxibase {

/// Several expressions over one batch. Null expressions stand for NULL of the type given.
class ExpressionList {
 public:
  Status Add(const Expr& expr) {
    ASSIGN_OR_RETURN(Evaluator evaluator, Evaluator::Compile(expr));
    evaluators_.push_back(std::move(evaluator));
    types_.push_back(expr.type);
    results_.push_back(nullptr);
    return {};
  }
  Status AddAll(std::span<const ExprPtr> exprs) {
    for (const ExprPtr& expr : exprs) RETURN_IF_ERROR(Add(*expr));
    return {};
  }

  /// The argument of an aggregate call: where the call has a filter (null: none), it is NULL in
  /// rows that do not pass, so that it cannot fail there. (A volatile filter is evaluated once
  /// only: then the argument stays unguarded.)
  Status AddFiltered(const Expr& expr, const Expr* filter) {
    if (!filter || expr.kind == ExprKind::kColumn || expr.kind == ExprKind::kConstant ||
        IsVolatile(*filter)) {
      return Add(expr);
    }
    auto guarded = std::make_unique<CaseExpr>(expr.type);
    guarded->branches.push_back({Clone(*filter), Clone(expr)});
    RETURN_IF_ERROR(Add(*guarded));
    Keep(std::move(guarded));
    return {};
  }

  /// Takes charge of an expression that was made for this list.
  void Keep(ExprPtr expr) { kept_.push_back(std::move(expr)); }

  /// One vector each, valid until the next call or until `input` changes.
  Status Evaluate(EvalContext& context, const Batch& input) {
    for (size_t i = 0; i < evaluators_.size(); ++i) {
      ASSIGN_OR_RETURN(results_[i], evaluators_[i].Evaluate(context, input));
    }
    return {};
  }
  std::span<const Vector* const> results() const { return results_; }
  const Vector& result(size_t i) const { return *results_[i]; }
  size_t size() const { return evaluators_.size(); }
  const std::vector<Type>& types() const { return types_; }
  Evaluator& evaluator(size_t i) { return evaluators_[i]; }

 private:
  std::vector<ExprPtr> kept_;
  std::vector<Evaluator> evaluators_;
  std::vector<const Vector*> results_;
  std::vector<Type> types_;
};

/// An expression that may be missing.
class OptionalExpression {
 public:
  Status Compile(const Expr* expr) {
    if (!expr) return {};
    ASSIGN_OR_RETURN(Evaluator evaluator, Evaluator::Compile(*expr));
    evaluator_.emplace(std::move(evaluator));
    return {};
  }
  explicit operator bool() const { return evaluator_.has_value(); }
  Evaluator& operator*() { return *evaluator_; }
  Evaluator* operator->() { return &*evaluator_; }

 private:
  std::optional<Evaluator> evaluator_;
};

}  // namespace oxibase
