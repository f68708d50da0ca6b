#include "engine/plan_variants.h"

namespace oxibase {

uint32_t PlanVariants::Fulfilled(EvalContext& context) {
  const std::vector<ExprPtr>& assumptions = plan_->assumptions;
  if (evaluators_.empty()) {
    for (const ExprPtr& assumption : assumptions) {
      Result<Evaluator> evaluator = Evaluator::Compile(*assumption);
      if (!evaluator.ok()) {
        evaluators_.clear();
        return 0;
      }
      evaluators_.push_back(std::move(*evaluator));
    }
  }
  uint32_t fulfilled = 0;
  for (size_t i = 0; i < evaluators_.size(); ++i) {
    const Result<Value> value = evaluators_[i].EvaluateScalar(context);
    if (value.ok() && !value->is_null() && value->AsBool()) fulfilled |= uint32_t{1} << i;
  }
  return fulfilled;
}

std::vector<ExprPtr> PlanVariants::Assumptions(uint32_t fulfilled) const {
  std::vector<ExprPtr> chosen;
  for (size_t i = 0; i < plan_->assumptions.size(); ++i) {
    if (fulfilled >> i & 1) chosen.push_back(Clone(*plan_->assumptions[i]));
  }
  return chosen;
}

}  // namespace oxibase
