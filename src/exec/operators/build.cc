// From plan nodes to operators.

#include "exec/operators/aggregate.h"
#include "exec/operators/append.h"
#include "exec/operators/bitmap_scan.h"
#include "exec/operators/cte.h"
#include "exec/operators/delete.h"
#include "exec/operators/distinct_on.h"
#include "exec/operators/filter.h"
#include "exec/operators/function_scan.h"
#include "exec/operators/hash_join.h"
#include "exec/operators/index_join.h"
#include "exec/operators/index_scan.h"
#include "exec/operators/index_union_scan.h"
#include "exec/operators/insert.h"
#include "exec/operators/limit.h"
#include "exec/operators/lock_rows.h"
#include "exec/operators/nested_loop_join.h"
#include "exec/operators/project.h"
#include "exec/operators/recursive_cte.h"
#include "exec/operators/set_op.h"
#include "exec/operators/sort.h"
#include "exec/operators/streaming_window.h"
#include "exec/operators/table_scan.h"
#include "exec/operators/update.h"
#include "exec/operators/values.h"
#include "exec/operators/virtual_scan.h"
#include "exec/operators/window.h"

namespace oxibase {
namespace {

template <typename Op, typename Node>
std::unique_ptr<Operator> Make(const PhysicalNode& node, ExecState& state) {
  return std::make_unique<Op>(static_cast<const Node&>(node), state);
}

std::unique_ptr<Operator> MakeOperator(const PhysicalNode& node, ExecState& state) {
  switch (node.kind) {
    case PhysicalKind::kTableScan:
      return Make<TableScanOperator, PhysicalTableScan>(node, state);
    case PhysicalKind::kIndexScan:
      return Make<IndexScanOperator, PhysicalIndexScan>(node, state);
    case PhysicalKind::kBitmapScan:
      return Make<BitmapScanOperator, PhysicalBitmapScan>(node, state);
    case PhysicalKind::kIndexUnionScan:
      return Make<IndexUnionScanOperator, PhysicalIndexUnionScan>(node, state);
    case PhysicalKind::kVirtualScan:
      return Make<VirtualScanOperator, PhysicalVirtualScan>(node, state);
    case PhysicalKind::kValues:
      return Make<ValuesOperator, PhysicalValues>(node, state);
    case PhysicalKind::kFunctionScan:
      return Make<FunctionScanOperator, PhysicalFunctionScan>(node, state);
    case PhysicalKind::kFilter:
      return Make<FilterOperator, PhysicalFilter>(node, state);
    case PhysicalKind::kProject:
      return Make<ProjectOperator, PhysicalProject>(node, state);
    case PhysicalKind::kHashJoin:
      return Make<HashJoinOperator, PhysicalHashJoin>(node, state);
    case PhysicalKind::kNestedLoopJoin:
      return Make<NestedLoopJoinOperator, PhysicalNestedLoopJoin>(node, state);
    case PhysicalKind::kIndexJoin:
      return Make<IndexJoinOperator, PhysicalIndexJoin>(node, state);
    case PhysicalKind::kAggregate:
      return Make<AggregateOperator, PhysicalAggregate>(node, state);
    case PhysicalKind::kWindow:
      if (static_cast<const PhysicalWindow&>(node).streaming) {
        return Make<StreamingWindowOperator, PhysicalWindow>(node, state);
      }
      return Make<WindowOperator, PhysicalWindow>(node, state);
    case PhysicalKind::kDistinctOn:
      return Make<DistinctOnOperator, PhysicalDistinctOn>(node, state);
    case PhysicalKind::kSort:
      return Make<SortOperator, PhysicalSort>(node, state);
    case PhysicalKind::kLimit:
      return Make<LimitOperator, PhysicalLimit>(node, state);
    case PhysicalKind::kSetOp:
      return Make<SetOpOperator, PhysicalSetOp>(node, state);
    case PhysicalKind::kAppend:
      return Make<AppendOperator, PhysicalAppend>(node, state);
    case PhysicalKind::kCte:
      return Make<CteOperator, PhysicalCte>(node, state);
    case PhysicalKind::kCteScan:
      return Make<CteScanOperator, PhysicalCteScan>(node, state);
    case PhysicalKind::kRecursiveCte:
      return Make<RecursiveCteOperator, PhysicalRecursiveCte>(node, state);
    case PhysicalKind::kLockRows:
      return Make<LockRowsOperator, PhysicalLockRows>(node, state);
    case PhysicalKind::kInsert:
      return Make<InsertOperator, PhysicalInsert>(node, state);
    case PhysicalKind::kUpdate:
      return Make<UpdateOperator, PhysicalUpdate>(node, state);
    case PhysicalKind::kDelete:
      return Make<DeleteOperator, PhysicalDelete>(node, state);
  }
  return nullptr;
}

/// Whether each row of the scan that is left out leaves out just the rows of `node` made of it.
bool Passes(const PhysicalNode& node, uint32_t scan_id) {
  switch (node.kind) {
    case PhysicalKind::kIndexScan:
      return static_cast<const PhysicalIndexScan&>(node).scan_id == scan_id;
    case PhysicalKind::kFilter:
    case PhysicalKind::kProject:
    case PhysicalKind::kSort:
      return Passes(*node.children[0], scan_id);
    default:
      return false;
  }
}

void NoteSkippingScans(const PhysicalLockRows& node, ExecState& state) {
  for (const PhysicalLockRows::Target& target : node.targets) {
    if (target.wait != LockWait::kSkip || !Passes(*node.children[0], target.scan_id)) continue;
    state.skipping_scans[target.scan_id] = target.mode;
  }
}

}  // namespace

Result<std::unique_ptr<Operator>> BuildOperator(const PhysicalNode& node, ExecState& state) {
  std::unique_ptr<Operator> made = MakeOperator(node, state);
  if (!made) return Error(ErrorCode::kInternalError, "unknown plan node");
  if (node.kind == PhysicalKind::kLockRows) {
    NoteSkippingScans(static_cast<const PhysicalLockRows&>(node), state);
  }
  for (const PhysicalPtr& child : node.children) {
    const bool in_cte = node.kind == PhysicalKind::kCte && child == node.children[0];
    if (in_cte) ++state.cte_depth;
    Result<std::unique_ptr<Operator>> below = BuildOperator(*child, state);
    if (in_cte) --state.cte_depth;
    RETURN_IF_ERROR(below.status());
    made->AddChild(std::move(below).value());
  }
  RETURN_IF_ERROR(made->Prepare());
  return made;
}

}  // namespace oxibase
