// Assignment to elements and slices of arrays.
#include <algorithm>

#include "sql/bind/query_binder.h"

namespace oxibase::bind {

namespace {

bool IsSlice(const ast::TargetColumn& target) {
  return std::any_of(target.indirection.begin(), target.indirection.end(),
                     [](const ast::IndirectionStep& step) {
                       return step.type == ast::IndirectionStep::Type::kSlice;
                     });
}

}  // namespace

Result<ColumnDef> QueryBinder::PartColumn(const ColumnDef& column,
                                          const ast::TargetColumn& target) {
  ColumnDef part = column;
  if (target.indirection.empty()) return part;
  for (const ast::IndirectionStep& step : target.indirection) {
    if (step.type == ast::IndirectionStep::Type::kField) {
      return Error(ErrorCode::kDatatypeMismatch,
                   "cannot assign to field \"{}\" of column \"{}\" because its type {} is not a "
                   "composite type",
                   step.field, column.name, FormatType(column.type))
          .At(target.location);
    }
  }
  if (column.type.id == TypeId::kJsonb) {
    return Error(ErrorCode::kFeatureNotSupported,
                 "assignment to a part of a jsonb column is not supported")
        .At(target.location);
  }
  const TypeId element = ElementTypeOf(column.type.id);
  if (element == TypeId::kInvalid) {
    return Error(ErrorCode::kDatatypeMismatch,
                 "cannot subscript type {} because it does not support subscripting",
                 FormatType(column.type))
        .At(target.location);
  }
  if (!IsSlice(target)) part.type = Type(element, column.type.typmod);
  return part;
}

Result<ExprPtr> QueryBinder::AssignPart(ExprPtr base, const ast::TargetColumn& target,
                                        ExprPtr value, Level& level) {
  const Type array_type = base->type;
  const bool slice = IsSlice(target);
  std::vector<ExprPtr> args;
  args.push_back(std::move(base));
  auto add = [&](const ast::ExprPtr& syntax, int32_t open) -> Status {
    if (!syntax) {
      args.push_back(std::make_unique<ConstantExpr>(Value::Int4(open)));
      return {};
    }
    ASSIGN_OR_RETURN(ExprPtr index, BindSubscript(*syntax, level));
    args.push_back(std::move(index));
    return {};
  };
  for (const ast::IndirectionStep& step : target.indirection) {
    if (!slice) {
      RETURN_IF_ERROR(add(step.upper, 0));
    } else if (step.type == ast::IndirectionStep::Type::kSubscript) {
      // A plain subscript among slices counts from 1.
      args.push_back(std::make_unique<ConstantExpr>(Value::Int4(1)));
      RETURN_IF_ERROR(add(step.upper, 1));
    } else {
      RETURN_IF_ERROR(add(step.lower, INT32_MIN));
      RETURN_IF_ERROR(add(step.upper, INT32_MAX));
    }
  }
  args.push_back(std::move(value));
  ASSIGN_OR_RETURN(ExprPtr call, CallByName(slice ? "array_assign_slice" : "array_assign",
                                            std::move(args), target.location));
  call->type = array_type;
  return Result<ExprPtr>(std::move(call));
}

Result<LogicalPtr> QueryBinder::AssembleParts(const std::vector<ast::TargetColumn>& targets,
                                              const std::vector<const ColumnDef*>& parts,
                                              const TableDef& table, LogicalPtr source,
                                              std::vector<const ColumnDef*>& columns,
                                              Level& level) {
  auto project = std::make_unique<LogicalProject>();
  std::vector<const ColumnDef*> whole;
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto at = std::find(parts.begin(), parts.end(), columns[i]) - parts.begin();
    const ast::TargetColumn& target = targets[static_cast<size_t>(at)];
    const ColumnDef* column = table.FindColumn(columns[i]->id);
    ExprPtr value = RefTo(source->output[i]);
    const auto same = std::find(whole.begin(), whole.end(), column) - whole.begin();
    const auto slot = static_cast<size_t>(same);
    if (target.indirection.empty()) {
      project->exprs.push_back(std::move(value));
    } else {
      ExprPtr base = slot < whole.size()
                         ? std::move(project->exprs[slot])
                         : ExprPtr(std::make_unique<ConstantExpr>(Value::Null(column->type)));
      ASSIGN_OR_RETURN(ExprPtr assigned,
                       AssignPart(std::move(base), target, std::move(value), level));
      if (slot < whole.size()) {
        project->exprs[slot] = std::move(assigned);
        continue;
      }
      project->exprs.push_back(std::move(assigned));
    }
    whole.push_back(column);
    project->output.push_back({NewVar(level), column->type, column->name});
  }
  project->children.push_back(std::move(source));
  columns = std::move(whole);
  return LogicalPtr(std::move(project));
}

}  // namespace oxibase::bind
