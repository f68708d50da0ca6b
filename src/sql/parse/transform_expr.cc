// Expressions, but for function calls.
#include "sql/parse/transform.h"

namespace oxibase::ast {
namespace {

/// A new `T` at `location`.
template <typename T>
std::unique_ptr<T> New(int location) {
  auto out = std::make_unique<T>();
  out->location = location;
  return out;
}

}  // namespace

ExprPtr Transformer::TransformExpr(const Node* node) {
  if (node == nullptr) return nullptr;
  Level level(*this);
  if (level.TooDeep()) return nullptr;
  switch (nodeTag(node)) {
    case T_A_Const:
      return MakeConst(Pg<::A_Const>(node));
    case T_ColumnRef:
      return MakeColumnRef(Pg<::ColumnRef>(node));
    case T_ParamRef: {
      const ::ParamRef* param = Pg<::ParamRef>(node);
      auto out = New<ParamRef>(param->location);
      out->number = param->number;
      return out;
    }
    case T_A_Expr:
      return MakeOperator(Pg<::A_Expr>(node));
    case T_BoolExpr:
      return MakeBool(Pg<::BoolExpr>(node));
    case T_SubLink:
      return MakeSubLink(Pg<::SubLink>(node));
    case T_CaseExpr:
      return MakeCase(Pg<::CaseExpr>(node));
    case T_CoalesceExpr: {
      const ::CoalesceExpr* coalesce = Pg<::CoalesceExpr>(node);
      auto out = New<CoalesceExpr>(coalesce->location);
      out->args = Exprs(coalesce->args);
      return out;
    }
    case T_MinMaxExpr: {
      const ::MinMaxExpr* min_max = Pg<::MinMaxExpr>(node);
      auto out = New<MinMaxExpr>(min_max->location);
      out->greatest = min_max->op == IS_GREATEST;
      out->args = Exprs(min_max->args);
      return out;
    }
    case T_NullTest: {
      const ::NullTest* test = Pg<::NullTest>(node);
      auto out = New<NullTest>(test->location);
      out->negated = test->nulltesttype == IS_NOT_NULL;
      out->arg = TransformExpr(reinterpret_cast<const Node*>(test->arg));
      return out;
    }
    case T_BooleanTest: {
      const ::BooleanTest* test = Pg<::BooleanTest>(node);
      auto out = New<BooleanTest>(test->location);
      static_assert(IS_TRUE == 0 && IS_NOT_UNKNOWN == 5);
      out->type = static_cast<BooleanTest::Type>(test->booltesttype);
      out->arg = TransformExpr(reinterpret_cast<const Node*>(test->arg));
      return out;
    }
    case T_TypeCast:
      return MakeTypeCast(Pg<::TypeCast>(node));
    case T_CollateClause:
      return MakeCollate(Pg<::CollateClause>(node));
    case T_A_ArrayExpr: {
      const A_ArrayExpr* array = Pg<::A_ArrayExpr>(node);
      auto out = New<ArrayExpr>(array->location);
      out->elements = Exprs(array->elements);
      return out;
    }
    case T_RowExpr:
      return MakeRow(Pg<::RowExpr>(node));
    case T_FuncCall:
      return MakeFuncCall(Pg<::FuncCall>(node));
    case T_A_Indirection:
      return MakeIndirection(Pg<::A_Indirection>(node));
    case T_SQLValueFunction:
      return MakeSqlValueFunction(Pg<::SQLValueFunction>(node));
    case T_GroupingFunc: {
      const ::GroupingFunc* grouping = Pg<::GroupingFunc>(node);
      auto out = New<GroupingFunc>(grouping->location);
      out->args = Exprs(grouping->args);
      return out;
    }
    case T_SetToDefault:
      return New<SetToDefault>(Pg<::SetToDefault>(node)->location);
    case T_CurrentOfExpr: {
      auto out = New<CurrentOfExpr>(-1);
      out->cursor = Text(Pg<::CurrentOfExpr>(node)->cursor_name);
      return out;
    }
    case T_NamedArgExpr: {
      const ::NamedArgExpr* arg = Pg<::NamedArgExpr>(node);
      auto out = New<NamedArgExpr>(arg->location);
      out->name = Text(arg->name);
      out->arg = TransformExpr(reinterpret_cast<const Node*>(arg->arg));
      return out;
    }
    case T_XmlExpr:
    case T_XmlSerialize:
      return Refuse("XML", exprLocation(node));
    case T_JsonObjectConstructor:
    case T_JsonArrayConstructor:
    case T_JsonArrayQueryConstructor:
    case T_JsonObjectAgg:
    case T_JsonArrayAgg:
    case T_JsonParseExpr:
    case T_JsonScalarExpr:
    case T_JsonSerializeExpr:
    case T_JsonFuncExpr:
    case T_JsonIsPredicate:
    case T_JsonValueExpr:
      return Refuse("SQL/JSON syntax", exprLocation(node));
    case T_MergeSupportFunc:
      return Refuse("MERGE_ACTION()", exprLocation(node));
    default:
      return Refuse("this kind of expression", exprLocation(node));
  }
}

ExprPtr Transformer::MakeConst(const A_Const* node) {
  auto out = New<Const>(node->location);
  if (node->isnull) return out;
  switch (nodeTag(&node->val)) {
    case T_Integer:
      out->type = Const::Type::kInteger;
      out->integer = node->val.ival.ival;
      break;
    case T_Float:
      out->type = Const::Type::kFloat;
      out->text = Text(node->val.fval.fval);
      break;
    case T_Boolean:
      out->type = Const::Type::kBoolean;
      out->boolean = node->val.boolval.boolval;
      break;
    case T_BitString:
      out->type = Const::Type::kBitString;
      out->text = Text(node->val.bsval.bsval);
      break;
    default:
      out->type = Const::Type::kString;
      out->text = Text(node->val.sval.sval);
  }
  return out;
}

ExprPtr Transformer::MakeColumnRef(const ::ColumnRef* node) {
  auto out = New<ColumnRef>(node->location);
  out->fields.reserve(list_length(node->fields));
  ListCell* cell;
  foreach (cell, node->fields) {
    const Node* field = static_cast<const Node*>(lfirst(cell));
    if (IsA(field, A_Star)) {
      out->star = true;
    } else {
      out->fields.push_back(Text(strVal(field)));
    }
  }
  return out;
}

ExprPtr Transformer::MakeOperator(const A_Expr* node) {
  auto out = New<OperatorExpr>(node->location);
  static_assert(AEXPR_OP == 0 && AEXPR_IN == 6 && AEXPR_NOT_BETWEEN_SYM == 13);
  static_assert(static_cast<int>(OperatorExpr::Type::kNotBetweenSymmetric) == 13);
  out->type = static_cast<OperatorExpr::Type>(node->kind);
  out->op = Name(node->name, node->location);
  out->left = TransformExpr(node->lexpr);
  if (node->rexpr != nullptr && IsA(node->rexpr, List)) {
    out->list = Exprs(Pg<::List>(node->rexpr));
  } else {
    out->right = TransformExpr(node->rexpr);
  }
  return out;
}

ExprPtr Transformer::MakeBool(const ::BoolExpr* node) {
  auto out = New<BoolExpr>(node->location);
  out->type = node->boolop == AND_EXPR  ? BoolExpr::Type::kAnd
              : node->boolop == OR_EXPR ? BoolExpr::Type::kOr
                                        : BoolExpr::Type::kNot;
  out->args = Exprs(node->args);
  return out;
}

ExprPtr Transformer::MakeSubLink(const ::SubLink* node) {
  auto out = New<SubLink>(node->location);
  switch (node->subLinkType) {
    case EXISTS_SUBLINK:
      out->type = SubLink::Type::kExists;
      break;
    case ALL_SUBLINK:
      out->type = SubLink::Type::kAll;
      break;
    case ANY_SUBLINK:
      out->type = SubLink::Type::kAny;
      break;
    case EXPR_SUBLINK:
      out->type = SubLink::Type::kExpr;
      break;
    case ARRAY_SUBLINK:
      out->type = SubLink::Type::kArray;
      break;
    default:
      return Refuse("this kind of subquery", node->location);
  }
  out->test = TransformExpr(node->testexpr);
  out->op = Name(node->operName, node->location);
  out->query = MakeSelect(Pg<::SelectStmt>(node->subselect));
  return out;
}

ExprPtr Transformer::MakeCase(const ::CaseExpr* node) {
  auto out = New<CaseExpr>(node->location);
  out->arg = TransformExpr(reinterpret_cast<const Node*>(node->arg));
  ListCell* cell;
  foreach (cell, node->args) {
    const CaseWhen* when = static_cast<const CaseWhen*>(lfirst(cell));
    CaseExpr::When& added = out->whens.emplace_back();
    added.condition = TransformExpr(reinterpret_cast<const Node*>(when->expr));
    added.result = TransformExpr(reinterpret_cast<const Node*>(when->result));
    added.location = when->location;
  }
  out->else_result = TransformExpr(reinterpret_cast<const Node*>(node->defresult));
  return out;
}

ExprPtr Transformer::MakeRow(const ::RowExpr* node) {
  auto out = New<RowExpr>(node->location);
  out->explicit_row = node->row_format == COERCE_EXPLICIT_CALL;
  out->args = Exprs(node->args);
  return out;
}

ExprPtr Transformer::MakeTypeCast(const ::TypeCast* node) {
  auto out = New<TypeCast>(node->location);
  out->arg = TransformExpr(node->arg);
  out->type = TransformType(node->typeName);
  return out;
}

ExprPtr Transformer::MakeCollate(const CollateClause* node) {
  auto out = New<CollateExpr>(node->location);
  out->arg = TransformExpr(node->arg);
  out->collation = Name(node->collname, node->location);
  return out;
}

ExprPtr Transformer::MakeIndirection(const A_Indirection* node) {
  auto out = New<IndirectionExpr>(exprLocation(node->arg));
  out->arg = TransformExpr(node->arg);
  out->steps = Indirection(node->indirection);
  return out;
}

ExprPtr Transformer::MakeSqlValueFunction(const SQLValueFunction* node) {
  using Type = SqlValueFunction::Type;
  auto out = New<SqlValueFunction>(node->location);
  out->precision = node->typmod;
  switch (node->op) {
    case SVFOP_CURRENT_DATE:
      out->type = Type::kCurrentDate;
      break;
    case SVFOP_CURRENT_TIME:
    case SVFOP_CURRENT_TIME_N:
      out->type = Type::kCurrentTime;
      break;
    case SVFOP_CURRENT_TIMESTAMP:
    case SVFOP_CURRENT_TIMESTAMP_N:
      out->type = Type::kCurrentTimestamp;
      break;
    case SVFOP_LOCALTIME:
    case SVFOP_LOCALTIME_N:
      out->type = Type::kLocalTime;
      break;
    case SVFOP_LOCALTIMESTAMP:
    case SVFOP_LOCALTIMESTAMP_N:
      out->type = Type::kLocalTimestamp;
      break;
    case SVFOP_CURRENT_ROLE:
      out->type = Type::kCurrentRole;
      break;
    case SVFOP_CURRENT_USER:
      out->type = Type::kCurrentUser;
      break;
    case SVFOP_USER:
      out->type = Type::kUser;
      break;
    case SVFOP_SESSION_USER:
      out->type = Type::kSessionUser;
      break;
    case SVFOP_CURRENT_CATALOG:
      out->type = Type::kCurrentCatalog;
      break;
    case SVFOP_CURRENT_SCHEMA:
      out->type = Type::kCurrentSchema;
      break;
  }
  return out;
}

}  // namespace oxibase::ast
