// The names PostgreSQL gives to columns of a select list without AS (FigureColname).
#include "common/types.h"
#include "sql/bind/query_binder.h"

namespace oxibase::bind {
namespace {

/// 0: no idea, 1: weak (a type's name, "case"), 2: good.
int FigureName(const ast::Expr& expr, std::string& name) {
  switch (expr.kind) {
    case ast::ExprKind::kColumnRef: {
      const auto& ref = ast::As<ast::ColumnRef>(expr);
      if (ref.star || ref.fields.empty()) return 0;
      name = ref.fields.back();
      return 2;
    }
    case ast::ExprKind::kIndirection: {
      const auto& indirection = ast::As<ast::IndirectionExpr>(expr);
      for (size_t i = indirection.steps.size(); i-- > 0;) {
        if (indirection.steps[i].type == ast::IndirectionStep::Type::kField) {
          name = indirection.steps[i].field;
          return 2;
        }
      }
      return FigureName(*indirection.arg, name);
    }
    case ast::ExprKind::kFuncCall:
      name = ast::As<ast::FuncCall>(expr).name.name;
      return 2;
    case ast::ExprKind::kOperator: {
      const auto& op = ast::As<ast::OperatorExpr>(expr);
      if (op.type != ast::OperatorExpr::Type::kNullIf) return 0;
      name = "nullif";
      return 2;
    }
    case ast::ExprKind::kTypeCast: {
      const auto& cast = ast::As<ast::TypeCast>(expr);
      const int strength = FigureName(*cast.arg, name);
      if (strength <= 1 && !cast.type.name.empty()) {
        name = cast.type.name.name;
        return 1;
      }
      return strength;
    }
    case ast::ExprKind::kCollate:
      return FigureName(*ast::As<ast::CollateExpr>(expr).arg, name);
    case ast::ExprKind::kGroupingFunc:
      name = "grouping";
      return 2;
    case ast::ExprKind::kSubLink: {
      const auto& link = ast::As<ast::SubLink>(expr);
      switch (link.type) {
        case ast::SubLink::Type::kExists:
          name = "exists";
          return 2;
        case ast::SubLink::Type::kArray:
          name = "array";
          return 2;
        case ast::SubLink::Type::kExpr: {
          const ast::SelectStmt* query = link.query.get();
          while (query->left) query = query->left.get();
          if (!query->targets.empty()) {
            const ast::SelectTarget& target = query->targets.front();
            if (!target.name.empty()) {
              name = target.name;
              return 2;
            }
            return FigureName(*target.expr, name);
          }
          if (!query->values_lists.empty()) {
            name = "column1";
            return 2;
          }
          return 0;
        }
        default:
          return 0;
      }
    }
    case ast::ExprKind::kCase: {
      const auto& c = ast::As<ast::CaseExpr>(expr);
      int strength = 0;
      if (c.else_result) strength = FigureName(*c.else_result, name);
      if (strength <= 1) {
        name = "case";
        return 1;
      }
      return strength;
    }
    case ast::ExprKind::kArray:
      name = "array";
      return 2;
    case ast::ExprKind::kRow:
      name = "row";
      return 2;
    case ast::ExprKind::kCoalesce:
      name = "coalesce";
      return 2;
    case ast::ExprKind::kMinMax:
      name = ast::As<ast::MinMaxExpr>(expr).greatest ? "greatest" : "least";
      return 2;
    case ast::ExprKind::kSqlValueFunction: {
      static constexpr const char* kNames[] = {
          "current_date",   "current_time",    "current_timestamp", "localtime",
          "localtimestamp", "current_role",    "current_user",      "user",
          "session_user",   "current_catalog", "current_schema"};
      name = kNames[static_cast<int>(ast::As<ast::SqlValueFunction>(expr).type)];
      return 2;
    }
    case ast::ExprKind::kConst:
    case ast::ExprKind::kParamRef:
    case ast::ExprKind::kBool:
    case ast::ExprKind::kNullTest:
    case ast::ExprKind::kBooleanTest:
    case ast::ExprKind::kSetToDefault:
    case ast::ExprKind::kCurrentOf:
    case ast::ExprKind::kNamedArg:
      return 0;
  }
  return 0;
}

}  // namespace

std::string ColumnNameOf(const ast::Expr& expr) {
  std::string name;
  return FigureName(expr, name) > 0 ? name : "?column?";
}

}  // namespace oxibase::bind
