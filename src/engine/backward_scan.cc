#include "engine/backward_scan.h"

#include <algorithm>

namespace oxibase {
namespace {

bool ReadsOnlyTables(const PhysicalNode& node) {
  return node.kind != PhysicalKind::kVirtualScan &&
         std::all_of(node.children.begin(), node.children.end(),
                     [](const PhysicalPtr& child) { return ReadsOnlyTables(*child); });
}

}  // namespace

bool SupportsBackwardScan(const PhysicalNode& node) {
  switch (node.kind) {
    case PhysicalKind::kTableScan:
    case PhysicalKind::kIndexScan:
    case PhysicalKind::kVirtualScan:
    case PhysicalKind::kFunctionScan:
    case PhysicalKind::kCteScan:
    case PhysicalKind::kSort:
      return true;
    case PhysicalKind::kValues:
      // One row is what SELECT without FROM has, which PostgreSQL does not scan.
      return static_cast<const PhysicalValues&>(node).rows_exprs.size() > 1;
    case PhysicalKind::kFilter:
    case PhysicalKind::kProject:
    case PhysicalKind::kLimit:
    case PhysicalKind::kAppend:
      return std::all_of(node.children.begin(), node.children.end(),
                         [](const PhysicalPtr& child) { return SupportsBackwardScan(*child); });
    case PhysicalKind::kCte:
      return SupportsBackwardScan(*node.children.back());
    default:
      return false;
  }
}

bool ReadsOnlyTables(const PhysicalPlan& plan) {
  return ReadsOnlyTables(*plan.root) &&
         std::all_of(plan.subplans.begin(), plan.subplans.end(),
                     [](const PhysicalPtr& subplan) { return ReadsOnlyTables(*subplan); });
}

}  // namespace oxibase
