// Special members of nodes that own a type declared only later.
#include "sql/parse/ast_expr.h"

#include "sql/parse/ast_select.h"

namespace oxibase::ast {

SubLink::SubLink() : Expr(kKind) {}
SubLink::~SubLink() = default;

FuncCall::FuncCall() : Expr(kKind) {}
FuncCall::~FuncCall() = default;

RangeSubselect::RangeSubselect() : FromItem(kKind) {}
RangeSubselect::~RangeSubselect() = default;

const char* ObjectTypeName(ObjectType type) {
  switch (type) {
    case ObjectType::kTable:
      return "table";
    case ObjectType::kView:
      return "view";
    case ObjectType::kMaterializedView:
      return "materialized view";
    case ObjectType::kIndex:
      return "index";
    case ObjectType::kSequence:
      return "sequence";
    case ObjectType::kSchema:
      return "schema";
    case ObjectType::kColumn:
      return "column";
    case ObjectType::kTableConstraint:
      return "constraint";
    case ObjectType::kDatabase:
      return "database";
    case ObjectType::kFunction:
      return "function";
    case ObjectType::kProcedure:
      return "procedure";
    case ObjectType::kRoutine:
      return "routine";
    case ObjectType::kAggregate:
      return "aggregate";
    case ObjectType::kType:
      return "type";
    case ObjectType::kDomain:
      return "domain";
    case ObjectType::kRole:
      return "role";
    case ObjectType::kTrigger:
      return "trigger";
    case ObjectType::kExtension:
      return "extension";
    case ObjectType::kCollation:
      return "collation";
    case ObjectType::kOther:
      return "object";
  }
  return "object";
}

}  // namespace oxibase::ast
