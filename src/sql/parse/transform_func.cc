// Function calls and window definitions.
#include "sql/parse/transform.h"

namespace oxibase::ast {

ExprPtr Transformer::MakeFuncCall(const ::FuncCall* node) {
  auto out = std::make_unique<FuncCall>();
  out->location = node->location;
  out->name = Name(node->funcname, node->location);
  out->args = Exprs(node->args);
  out->agg_order = SortByList(node->agg_order);
  out->agg_filter = TransformExpr(node->agg_filter);
  if (node->over != nullptr) out->over = std::make_unique<WindowDef>(MakeWindow(node->over));
  out->within_group = node->agg_within_group;
  out->star = node->agg_star;
  out->distinct = node->agg_distinct;
  out->variadic = node->func_variadic;
  out->sql_syntax = node->funcformat == COERCE_SQL_SYNTAX;
  return out;
}

WindowDef Transformer::MakeWindow(const ::WindowDef* node) {
  WindowDef out;
  out.name = Text(node->name);
  out.ref_name = Text(node->refname);
  out.location = node->location;
  out.partition_by = Exprs(node->partitionClause);
  out.order_by = SortByList(node->orderClause);
  const int options = node->frameOptions;
  out.has_frame = (options & FRAMEOPTION_NONDEFAULT) != 0;
  out.mode = options & FRAMEOPTION_ROWS     ? FrameMode::kRows
             : options & FRAMEOPTION_GROUPS ? FrameMode::kGroups
                                            : FrameMode::kRange;
  out.start = options & FRAMEOPTION_START_UNBOUNDED_PRECEDING   ? FrameBound::kUnboundedPreceding
              : options & FRAMEOPTION_START_OFFSET_PRECEDING    ? FrameBound::kOffsetPreceding
              : options & FRAMEOPTION_START_CURRENT_ROW         ? FrameBound::kCurrentRow
              : options & FRAMEOPTION_START_OFFSET_FOLLOWING    ? FrameBound::kOffsetFollowing
              : options & FRAMEOPTION_START_UNBOUNDED_FOLLOWING ? FrameBound::kUnboundedFollowing
                                                                : FrameBound::kUnboundedPreceding;
  out.end = options & FRAMEOPTION_END_UNBOUNDED_FOLLOWING   ? FrameBound::kUnboundedFollowing
            : options & FRAMEOPTION_END_OFFSET_FOLLOWING    ? FrameBound::kOffsetFollowing
            : options & FRAMEOPTION_END_OFFSET_PRECEDING    ? FrameBound::kOffsetPreceding
            : options & FRAMEOPTION_END_UNBOUNDED_PRECEDING ? FrameBound::kUnboundedPreceding
                                                            : FrameBound::kCurrentRow;
  out.exclusion = options & FRAMEOPTION_EXCLUDE_CURRENT_ROW ? FrameExclusion::kCurrentRow
                  : options & FRAMEOPTION_EXCLUDE_GROUP     ? FrameExclusion::kGroup
                  : options & FRAMEOPTION_EXCLUDE_TIES      ? FrameExclusion::kTies
                                                            : FrameExclusion::kNoOthers;
  out.start_offset = TransformExpr(node->startOffset);
  out.end_offset = TransformExpr(node->endOffset);
  return out;
}

}  // namespace oxibase::ast
