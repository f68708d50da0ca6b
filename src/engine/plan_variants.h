#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "common/status.h"
#include "expr/evaluator.h"
#include "sql/plan/physical.h"

namespace oxibase {

class PreparedImpl;

/// A statement's other plans: for parameters of which some of its plan's assumptions are true. One
/// is made when it is first asked for. Not thread-safe; the session's, like the statement.
class PlanVariants {
 public:
  explicit PlanVariants(std::shared_ptr<const PhysicalPlan> plan) : plan_(std::move(plan)) {}

  const PhysicalPlan* plan() const { return plan_.get(); }
  /// Which of the plan's assumptions `context`'s parameters fulfil, a bit each. One that cannot be
  /// evaluated is not fulfilled.
  uint32_t Fulfilled(EvalContext& context);
  /// Copies of those.
  std::vector<ExprPtr> Assumptions(uint32_t fulfilled) const;
  std::shared_ptr<PreparedImpl>& operator[](uint32_t fulfilled) { return variants_[fulfilled]; }

 private:
  const std::shared_ptr<const PhysicalPlan> plan_;              // shared with the statement
  std::vector<Evaluator> evaluators_;                           // empty: not compiled yet
  std::map<uint32_t, std::shared_ptr<PreparedImpl>> variants_;  // shared with portals
};

}  // namespace oxibase
