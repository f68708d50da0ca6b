// Window calls and window definitions.
#include <algorithm>

#include "expr/function.h"
#include "sql/bind/query_binder.h"

namespace oxibase::bind {

namespace {

bool SameKeys(const std::vector<SortKey>& a, const std::vector<SortKey>& b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](const SortKey& x, const SortKey& y) {
           return x.descending == y.descending && x.nulls_first == y.nulls_first &&
                  Equal(*x.expr, *y.expr);
         });
}

bool SameExprs(const std::vector<ExprPtr>& a, const std::vector<ExprPtr>& b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(),
                    [](const ExprPtr& x, const ExprPtr& y) { return Equal(*x, *y); });
}

bool SameOffset(const ExprPtr& a, const ExprPtr& b) { return a && b ? Equal(*a, *b) : !a && !b; }

bool SameWindow(const LevelWindow& a, const LevelWindow& b) {
  return a.frame.mode == b.frame.mode && a.frame.start == b.frame.start &&
         a.frame.end == b.frame.end && a.frame.exclusion == b.frame.exclusion &&
         SameOffset(a.frame.start_offset, b.frame.start_offset) &&
         SameOffset(a.frame.end_offset, b.frame.end_offset) &&
         SameExprs(a.partition_by, b.partition_by) && SameKeys(a.order_by, b.order_by);
}

std::vector<ExprPtr> CloneAll(const std::vector<ExprPtr>& exprs) {
  std::vector<ExprPtr> copies;
  for (const ExprPtr& expr : exprs) copies.push_back(Clone(*expr));
  return copies;
}

std::vector<SortKey> CloneAll(const std::vector<SortKey>& keys) {
  std::vector<SortKey> copies;
  for (const SortKey& key : keys) {
    copies.push_back({Clone(*key.expr), key.descending, key.nulls_first});
  }
  return copies;
}

}  // namespace

Result<ExprPtr> QueryBinder::BindWindowCall(const ast::FuncCall& call, const ResolvedCall& resolved,
                                            std::vector<ExprPtr> args, Level& level) {
  RETURN_IF_ERROR(CheckWindowPlace(level, call.location));
  if (resolved.function->kind == FunctionKind::kAggregate && args.empty() && !call.star) {
    return Error(ErrorCode::kWrongObjectType,
                 "{}(*) must be used to call a parameterless aggregate function", call.name.name)
        .At(call.location);
  }
  if (call.agg_filter && resolved.function->kind != FunctionKind::kAggregate) {
    return Error(ErrorCode::kFeatureNotSupported,
                 "FILTER is not implemented for non-aggregate window functions")
        .At(call.location);
  }
  ASSIGN_OR_RETURN(args, PrepareArguments(resolved, std::move(args)));
  auto bound = std::make_unique<WindowExpr>(*resolved.function, resolved.result, std::move(args));
  bound->location = call.location;
  if (call.agg_filter) {
    ClauseScope clause(level, Clause::kFilter);
    ASSIGN_OR_RETURN(bound->filter, BindCondition(*call.agg_filter, level, "FILTER"));
  }
  for (const ExprPtr& arg : bound->args) {
    bool nested = false;
    bool sets = false;
    ForEachVar(*arg, [&](const ColumnExpr& column) {
      for (const auto& window : level.windows) {
        for (const auto& other : window->calls) nested = nested || other.var == column.index;
      }
      for (const auto& other : level.set_returning) {
        for (const auto& c : other.columns) sets = sets || c.var == column.index;
      }
    });
    if (nested) {
      return Error(ErrorCode::kWindowingError, "window function calls cannot be nested")
          .At(call.location);
    }
    if (sets) {
      return Error(ErrorCode::kFeatureNotSupported,
                   "window function calls cannot contain set-returning function calls")
          .Hint("You might be able to move the set-returning function into a LATERAL FROM item.")
          .At(call.location);
    }
  }
  ASSIGN_OR_RETURN(LevelWindow * window, FindWindow(*call.over, level));
  const VarId var = NewVar(level);
  auto ref = std::make_unique<ColumnExpr>(var, bound->type, call.name.name);
  ref->location = call.location;
  if (is_traced()) TraceCall(call, var, *bound);
  NoteShape(var, ShapeOf(*bound));
  window->calls.push_back({std::move(bound), var});
  return ref;
}

Result<LevelWindow*> QueryBinder::FindWindow(const ast::WindowDef& def, Level& level) {
  if (!def.name.empty()) {
    for (const auto& window : level.windows) {
      if (window->name == def.name) return window.get();
    }
    return Error(ErrorCode::kUndefinedObject, "window \"{}\" does not exist", def.name)
        .At(def.location);
  }
  ASSIGN_OR_RETURN(std::unique_ptr<LevelWindow> made, BindWindowDef(def, level));
  for (const auto& window : level.windows) {
    if (SameWindow(*window, *made)) return window.get();
  }
  level.windows.push_back(std::move(made));
  return level.windows.back().get();
}

Status QueryBinder::BindNamedWindows(const std::vector<ast::WindowDef>& defs, Level& level) {
  for (const ast::WindowDef& def : defs) {
    for (const auto& window : level.windows) {
      if (window->name == def.name) {
        return Error(ErrorCode::kWindowingError, "window \"{}\" is already defined", def.name)
            .At(def.location);
      }
    }
    ASSIGN_OR_RETURN(std::unique_ptr<LevelWindow> made, BindWindowDef(def, level));
    made->name = def.name;
    level.windows.push_back(std::move(made));
  }
  return {};
}

Result<std::unique_ptr<LevelWindow>> QueryBinder::BindWindowDef(const ast::WindowDef& def,
                                                                Level& level) {
  auto made = std::make_unique<LevelWindow>();
  const LevelWindow* base = nullptr;
  if (!def.ref_name.empty()) {
    for (const auto& window : level.windows) {
      if (window->name == def.ref_name) base = window.get();
    }
    if (!base) {
      return Error(ErrorCode::kUndefinedObject, "window \"{}\" does not exist", def.ref_name)
          .At(def.location);
    }
    if (!def.partition_by.empty()) {
      return Error(ErrorCode::kWindowingError,
                   "cannot override PARTITION BY clause of window \"{}\"", def.ref_name)
          .At(def.location);
    }
    if (!def.order_by.empty() && !base->order_by.empty()) {
      return Error(ErrorCode::kWindowingError, "cannot override ORDER BY clause of window \"{}\"",
                   def.ref_name)
          .At(def.location);
    }
    if (base->has_frame) {
      if (!def.order_by.empty() || def.has_frame) {
        return Error(ErrorCode::kWindowingError,
                     "cannot copy window \"{}\" because it has a frame clause", def.ref_name)
            .At(def.location);
      }
      return Error(ErrorCode::kWindowingError,
                   "cannot copy window \"{}\" because it has a frame clause", def.ref_name)
          .Hint("Omit the parentheses in this OVER clause.")
          .At(def.location);
    }
    made->partition_by = CloneAll(base->partition_by);
    made->order_by = CloneAll(base->order_by);
  }
  {
    ClauseScope clause(level, Clause::kWindowPartition);
    for (const ast::ExprPtr& item : def.partition_by) {
      ASSIGN_OR_RETURN(ExprPtr bound, BindExpr(*item, level));
      ASSIGN_OR_RETURN(bound, ResolveUnknown(std::move(bound)));
      ASSIGN_OR_RETURN([[maybe_unused]] const Function* equal,
                       ComparisonFor("=", bound->type.id, bound->location));
      made->partition_by.push_back(std::move(bound));
    }
  }
  if (!def.order_by.empty()) {
    ASSIGN_OR_RETURN(made->order_by, BindSortKeys(def.order_by, level, Clause::kWindowOrder));
  }
  RETURN_IF_ERROR(BindFrame(def, *made, level));
  return made;
}

Status QueryBinder::BindFrame(const ast::WindowDef& def, LevelWindow& window, Level& level) {
  SetFrame(def, window);
  const WindowFrame::Mode mode = window.frame.mode;
  const bool offsets = def.start_offset || def.end_offset;
  if (def.has_frame && mode == WindowFrame::Mode::kGroups && window.order_by.empty()) {
    return Error(ErrorCode::kWindowingError, "GROUPS mode requires an ORDER BY clause")
        .At(def.location);
  }
  if (mode == WindowFrame::Mode::kRange && offsets && window.order_by.size() != 1) {
    return Error(ErrorCode::kWindowingError,
                 "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column")
        .At(def.location);
  }
  if (mode == WindowFrame::Mode::kRange && offsets &&
      window.order_by[0].expr->type.id == TypeId::kDate) {
    // A date moved by an interval is a timestamp: the key is compared as one.
    ASSIGN_OR_RETURN(window.order_by[0].expr,
                     CoerceArgument(std::move(window.order_by[0].expr), TypeId::kTimestamp));
  }
  static constexpr const char* kModes[] = {"RANGE", "ROWS", "GROUPS"};
  const char* mode_name = kModes[static_cast<int>(mode)];
  auto bind = [&](const ast::Expr& syntax, bool start) -> Result<ExprPtr> {
    ClauseScope clause(level, Clause::kWindowFrame);
    ASSIGN_OR_RETURN(ExprPtr offset, BindExpr(syntax, level));
    bool own = false;
    ForEachVar(*offset, [&](const ColumnExpr& column) {
      own = own || DepthOf(column.index) == level.depth;
    });
    if (own) {
      return Error(ErrorCode::kInvalidColumnReference, "argument of {} must not contain variables",
                   mode_name)
          .At(offset->location);
    }
    if (mode != WindowFrame::Mode::kRange) {
      const Type from = offset->type;
      const int32_t location = offset->location;
      ASSIGN_OR_RETURN(offset,
                       Coerce(std::move(offset), TypeId::kInt8, CoercionContext::kAssignment,
                              CallExpr::Syntax::kImplicitCast, location));
      if (!offset) {
        return Error(ErrorCode::kDatatypeMismatch,
                     "argument of {} must be type bigint, not type {}", mode_name, FormatType(from))
            .At(location);
      }
      return Result<ExprPtr>(std::move(offset));
    }
    // The key plus or minus the offset, in the key's type.
    const SortKey& key = window.order_by[0];
    const WindowFrame::Bound bound = start ? window.frame.start : window.frame.end;
    const bool minus = (bound == WindowFrame::Bound::kPreceding) != key.descending;
    return BindRangeOffset(*key.expr, std::move(offset), minus,
                           start ? window.start_function : window.end_function);
  };
  if (def.start_offset) {
    ASSIGN_OR_RETURN(window.frame.start_offset, bind(*def.start_offset, true));
  }
  if (def.end_offset) {
    ASSIGN_OR_RETURN(window.frame.end_offset, bind(*def.end_offset, false));
  }
  return {};
}

Result<ExprPtr> QueryBinder::BindRangeOffset(const Expr& key, ExprPtr offset, bool minus,
                                             const Function*& function) {
  const int32_t location = offset->location;
  const TypeId type = key.type.id;
  auto unsupported = [&]() {
    return Error(ErrorCode::kFeatureNotSupported,
                 "RANGE with offset PRECEDING/FOLLOWING is not supported for column type {} and "
                 "offset type {}",
                 FormatType(type), FormatType(offset->type))
        .Hint("Cast the offset value to an appropriate type.")
        .At(location);
  };
  TypeId wanted = TypeId::kInvalid;
  switch (type) {
    case TypeId::kInt2:
    case TypeId::kInt4:
      // An offset beyond the key's type is compared in its own.
      wanted = offset->type.id == TypeId::kInt8 ? TypeId::kInt8 : type;
      break;
    case TypeId::kInt8:
    case TypeId::kFloat4:
    case TypeId::kFloat8:
    case TypeId::kNumeric:
      wanted = type;
      break;
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
    case TypeId::kInterval:
      wanted = TypeId::kInterval;
      break;
    default:
      return unsupported();
  }
  const bool numeric = type != TypeId::kDate && type != TypeId::kTime &&
                       type != TypeId::kTimestamp && type != TypeId::kTimestampTz &&
                       type != TypeId::kInterval;
  const bool fits = offset->type.id == TypeId::kUnknown || offset->type.id == wanted ||
                    CanCoerce(offset->type.id, wanted, CoercionContext::kImplicit) ||
                    (numeric && CanCoerce(offset->type.id, wanted, CoercionContext::kAssignment) &&
                     TypeCategory(offset->type.id) == 'N');
  if (!fits) return unsupported();
  const char* name = minus ? "-" : "+";
  // A date's frame is compared as timestamps, which date + interval yields.
  const TypeId operands[] = {type, wanted};
  Result<ResolvedCall> resolved = ResolveOperator(name, operands);
  if (!resolved.ok() || !resolved->function) return unsupported();
  function = resolved->function;
  ASSIGN_OR_RETURN(ExprPtr bound, Coerce(std::move(offset), wanted, CoercionContext::kAssignment,
                                         CallExpr::Syntax::kImplicitCast, location));
  if (!bound) {
    return Error(ErrorCode::kFeatureNotSupported,
                 "RANGE with offset PRECEDING/FOLLOWING is not supported for column type {}",
                 FormatType(type))
        .At(location);
  }
  return Result<ExprPtr>(std::move(bound));
}

void QueryBinder::SetFrame(const ast::WindowDef& def, LevelWindow& window) {
  WindowFrame& frame = window.frame;
  window.has_frame = def.has_frame;
  if (!def.has_frame) return;
  frame.mode = def.mode == ast::FrameMode::kRange  ? WindowFrame::Mode::kRange
               : def.mode == ast::FrameMode::kRows ? WindowFrame::Mode::kRows
                                                   : WindowFrame::Mode::kGroups;
  auto bound = [](ast::FrameBound b) {
    switch (b) {
      case ast::FrameBound::kUnboundedPreceding:
        return WindowFrame::Bound::kUnboundedPreceding;
      case ast::FrameBound::kOffsetPreceding:
        return WindowFrame::Bound::kPreceding;
      case ast::FrameBound::kCurrentRow:
        return WindowFrame::Bound::kCurrentRow;
      case ast::FrameBound::kOffsetFollowing:
        return WindowFrame::Bound::kFollowing;
      case ast::FrameBound::kUnboundedFollowing:
        return WindowFrame::Bound::kUnboundedFollowing;
    }
    return WindowFrame::Bound::kCurrentRow;
  };
  frame.start = bound(def.start);
  frame.end = bound(def.end);
  frame.exclusion = static_cast<WindowFrame::Exclusion>(def.exclusion);
}

}  // namespace oxibase::bind
