// What expressions, operators and DDL ask of their session.

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>

#include <algorithm>

#include "engine/session_impl.h"
#include "engine/system/type_functions.h"
#include "expr/evaluator.h"
#include "expr/function.h"
#include "sql/optimize/expr_tools.h"
#include "sql/parse/identifier.h"
#include "sql/parse/parser.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {
namespace {

/// "a.B".c apart, quotes taken off, the rest in lower case.
Result<std::vector<std::string>> SplitQualifiedName(std::string_view text) {
  std::vector<std::string> parts(1);
  bool quoted = false, any = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        parts.back() += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        parts.back() += text[++i];
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = any = true;
    } else if (c == '.') {
      parts.emplace_back();
      any = false;
    } else if (!absl::ascii_isspace(static_cast<unsigned char>(c))) {
      parts.back() += absl::ascii_tolower(static_cast<unsigned char>(c));
      any = true;
    }
  }
  if (quoted || !any) return Error(ErrorCode::kInvalidName, "invalid name syntax");
  return parts;
}

struct RelationName {
  Oid schema = 0;
  std::string name;
};

std::optional<RelationName> NameOfRelation(const CatalogVersion& catalog, Oid oid) {
  if (const auto table = catalog.TableByOid(oid)) return RelationName{table->schema, table->name};
  if (const auto view = catalog.ViewByOid(oid)) return RelationName{view->schema, view->name};
  if (const auto sequence = catalog.SequenceByOid(oid)) {
    return RelationName{sequence->schema, sequence->name};
  }
  const auto [table, index] = catalog.IndexByOid(oid);
  if (index) return RelationName{table->schema, index->name};
  return {};
}

Oid OidOfRelation(const CatalogVersion& catalog, Oid schema, std::string_view name) {
  if (const auto table = catalog.FindTable(schema, name)) return table->oid;
  if (const auto view = catalog.FindView(schema, name)) return view->oid;
  if (const auto sequence = catalog.FindSequence(schema, name)) return sequence->oid;
  const auto [table, index] = catalog.FindIndex(schema, name);
  return index ? index->oid : 0;
}

}  // namespace

// --- Names ------------------------------------------------------------------------------------

std::vector<Oid> SessionImpl::SearchPath() {
  const auto catalog = ddl_->catalog();
  if (!search_path_.empty() && search_path_epoch_ == settings_.plan_epoch() &&
      search_path_catalog_ == catalog->number()) {
    return search_path_;
  }
  search_path_.clear();
  bool names_catalog = false;
  for (const std::string& name : settings_.search_path()) {
    const auto schema = catalog->FindSchema(name == "$user" ? options_.user : name);
    if (!schema) continue;
    names_catalog = names_catalog || schema->oid == kPgCatalogSchema;
    search_path_.push_back(schema->oid);
  }
  if (!names_catalog) search_path_.insert(search_path_.begin(), kPgCatalogSchema);
  if (const Oid temp = ExistingTempSchema()) search_path_.insert(search_path_.begin(), temp);
  search_path_epoch_ = settings_.plan_epoch();
  search_path_catalog_ = catalog->number();
  return search_path_;
}

Oid SessionImpl::CreationSchema() {
  const auto catalog = ddl_->catalog();
  for (const std::string& name : settings_.search_path()) {
    const auto schema = catalog->FindSchema(name == "$user" ? options_.user : name);
    if (schema) return schema->oid;
  }
  return 0;
}

std::vector<std::string> SessionImpl::SearchPath(bool with_implicit) {
  const auto catalog = ddl_->catalog();
  std::vector<std::string> names;
  bool names_catalog = false;
  for (const std::string& name : settings_.search_path()) {
    const auto schema = catalog->FindSchema(name == "$user" ? options_.user : name);
    if (!schema) continue;
    names_catalog = names_catalog || schema->oid == kPgCatalogSchema;
    names.push_back(schema->name);
  }
  if (with_implicit && !names_catalog) names.insert(names.begin(), "pg_catalog");
  if (const Oid temp = ExistingTempSchema(); temp != 0 && with_implicit) {
    names.insert(names.begin(), catalog->SchemaByOid(temp)->name);
  }
  return names;
}

Result<Oid> SessionImpl::FindOid(char kind, std::string_view name) {
  const auto catalog = ddl_->catalog();
  switch (kind) {
    case 'r': {
      ASSIGN_OR_RETURN(const std::vector<std::string> parts, SplitQualifiedName(name));
      if (parts.size() > 2) {
        if (parts.size() > 3 || parts[0] != options_.database) {
          return Error(ErrorCode::kFeatureNotSupported,
                       "cross-database references are not implemented: \"{}\"", name);
        }
      }
      if (parts.size() >= 2) {
        const auto schema = catalog->FindSchema(parts[parts.size() - 2]);
        if (!schema) {
          return Error(ErrorCode::kUndefinedTable, "relation \"{}\" does not exist", name);
        }
        if (const Oid oid = OidOfRelation(*catalog, schema->oid, parts.back())) return oid;
      } else {
        for (const Oid schema : SearchPath()) {
          if (const Oid oid = OidOfRelation(*catalog, schema, parts[0])) return oid;
        }
      }
      return Error(ErrorCode::kUndefinedTable, "relation \"{}\" does not exist", name);
    }
    case 'n': {
      ASSIGN_OR_RETURN(const std::vector<std::string> parts, SplitQualifiedName(name));
      const auto schema = catalog->FindSchema(parts[0]);
      if (schema) return schema->oid;
      return Error(ErrorCode::kInvalidSchemaName, "schema \"{}\" does not exist", name);
    }
    case 't': {
      BindContext context{.catalog = *catalog};
      context.search_path = SearchPath();
      Result<ast::TypeName> parsed = ParseTypeName(name);
      Result<Type> type = parsed.ok() ? ResolveTypeName(*parsed, context) : parsed.status();
      if (type.ok()) return static_cast<Oid>(type->id);
      Status status = type.status();
      status.info().location = -1;  // not of the statement
      return status;
    }
    case 'f': {
      std::string_view plain = name;
      if (plain.starts_with("pg_catalog.")) plain.remove_prefix(11);
      const auto found = FunctionTable::Get().Find(plain, false);
      if (found.empty()) {
        if (const TypeFunction* function = FindTypeFunction(plain)) return function->oid;
        return Error(ErrorCode::kUndefinedFunction, "function \"{}\" does not exist", name);
      }
      if (found.size() > 1) {
        return Error(ErrorCode::kAmbiguousFunction, "more than one function named \"{}\"", name);
      }
      return found[0]->oid;
    }
    case 'F':
      return FindFunctionWithArguments(name);
    case 'o':
      if (const Oid role = FindRole(name); role != 0) return role;
      return Error(ErrorCode::kUndefinedObject, "role \"{}\" does not exist", name);
    default:
      return Error(ErrorCode::kFeatureNotSupported, "no names of this kind");
  }
}

Result<Oid> SessionImpl::FindFunctionWithArguments(std::string_view text) {
  // The parenthesis of the arguments, and the commas between them.
  size_t open = std::string_view::npos;
  int depth = 0;
  bool quoted = false;
  std::vector<std::string_view> arguments;
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '(' && depth++ == 0) {
      open = i;
      begin = i + 1;
    } else if ((c == ')' && --depth == 0) || (c == ',' && depth == 1)) {
      arguments.push_back(text.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  if (open == std::string_view::npos) {
    return Error(ErrorCode::kInvalidTextRepresentation, "expected a left parenthesis");
  }
  if (depth != 0 || text.substr(text.find_last_not_of(' ')) != ")") {
    return Error(ErrorCode::kInvalidTextRepresentation, "expected a right parenthesis");
  }
  if (arguments.size() == 1 && arguments[0].find_first_not_of(' ') == std::string_view::npos)
    arguments.clear();
  std::vector<Oid> types;
  for (const std::string_view argument : arguments) {
    ASSIGN_OR_RETURN(const Oid type, FindOid('t', argument));
    types.push_back(type);
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> parts, SplitQualifiedName(text.substr(0, open)));
  if (parts.size() == 1 || parts[0] == "pg_catalog") {
    for (const Function* function : FunctionTable::Get().Find(parts.back(), false)) {
      const bool same =
          std::equal(types.begin(), types.end(), function->args.begin(), function->args.end(),
                     [](Oid type, TypeId arg) { return type == static_cast<Oid>(arg); });
      if (same) return function->oid;
    }
    const TypeFunction* function = FindTypeFunction(parts.back());
    if (function && function->args == types) return function->oid;
  }
  return Error(ErrorCode::kUndefinedFunction, "function \"{}\" does not exist", text);
}

std::string SessionImpl::NameOf(char kind, Oid oid, bool qualified_if_needed) {
  const auto catalog = ddl_->catalog();
  switch (kind) {
    case 'r': {
      const auto found = NameOfRelation(*catalog, oid);
      if (!found) return "";
      if (qualified_if_needed) {
        for (const Oid schema : SearchPath()) {
          const Oid visible = OidOfRelation(*catalog, schema, found->name);
          if (visible == oid) return QuoteIdentifier(found->name);
          if (visible != 0) break;
        }
        const auto schema = catalog->SchemaByOid(found->schema);
        return QuoteQualified(schema ? schema->name : "?", found->name);
      }
      return QuoteIdentifier(found->name);
    }
    case 'n': {
      const auto schema = catalog->SchemaByOid(oid);
      return schema ? QuoteIdentifier(schema->name) : "";
    }
    case 't':
      return FindType(static_cast<TypeId>(oid)) ? FormatType(static_cast<TypeId>(oid)) : "";
    case 'f':
      for (const Function* function : FunctionTable::Get().all()) {
        if (function->oid == oid && !function->is_operator) return QuoteIdentifier(function->name);
      }
      if (const TypeFunction* function = FindTypeFunction(oid))
        return QuoteIdentifier(function->name);
      return "";
    case 'F': {
      std::string text = NameOf('f', oid, qualified_if_needed);
      if (text.empty()) return text;
      std::string arguments;
      const auto add = [&](TypeId type) {
        if (!arguments.empty()) arguments += ',';
        arguments += FormatType(Type(type));
      };
      const TypeFunction* function = FindTypeFunction(oid);
      if (function) {
        for (const Oid type : function->args) add(static_cast<TypeId>(type));
      }
      for (const Function* other : FunctionTable::Get().all()) {
        if (function || other->oid != oid || other->is_operator) continue;
        for (const TypeId type : other->args) add(type);
        break;
      }
      return text + "(" + arguments + ")";
    }
    case 'o':
      return std::string(RoleName(oid));
    default:
      return "";
  }
}

// --- Tables -----------------------------------------------------------------------------------

Status SessionImpl::CheckNotInUse(const TableDef& table, std::string_view command) {
  if (!constraints_.HasPending(table.oid)) return {};
  return Error(ErrorCode::kObjectInUse, "cannot {} \"{}\" because it has pending trigger events",
               command, table.name);
}

Result<std::shared_ptr<Tablet>> SessionImpl::FindTablet(const TableDef& table) {
  auto tablet = db_.txns.tablets().Find(table.tablet);
  if (!tablet) {
    return Error(ErrorCode::kInternalError, "table \"{}\" has no tablet", table.name);
  }
  return tablet;
}

Result<const TabletIndex*> SessionImpl::FindIndex(const TableDef& table, Oid index) {
  ASSIGN_OR_RETURN(const std::shared_ptr<Tablet> tablet, FindTablet(table));
  const TabletIndex* found = tablet->FindIndex(index);
  if (!found) return Error(ErrorCode::kInternalError, "table \"{}\" has no such index", table.name);
  return found;
}

Result<std::shared_ptr<const RowRules>> SessionImpl::RulesOf(const TableDef& table) {
  const auto key = std::make_pair(table.oid, statement_catalog_->number());
  if (const auto it = rules_.find(key); it != rules_.end()) return it->second;
  constexpr size_t kRulesKeptMax = 64;
  if (rules_.size() > kRulesKeptMax) rules_.clear();
  BindContext bind = MakeBindContext();
  VarId next_var = 1;
  ASSIGN_OR_RETURN(TableRules bound, BindTableRules(table, next_var, bind));
  // The operator's row has all the table's columns in order: variables become positions.
  const auto resolve = [&](ExprPtr& expr) {
    ReplaceVars(expr, [&](VarId var) -> ExprPtr {
      for (size_t i = 0; i < bound.column_vars.size(); ++i) {
        if (bound.column_vars[i] == var) {
          return std::make_unique<ColumnExpr>(static_cast<VarId>(i), table.columns[i].type,
                                              table.columns[i].name);
        }
      }
      return nullptr;
    });
  };
  auto rules = std::make_shared<RowRules>();
  for (auto& computed : bound.computed) {
    resolve(computed.expr);
    uint32_t position = 0;
    while (table.columns[position].id != computed.column) ++position;
    rules->computed.push_back({position, std::move(computed.expr)});
  }
  for (auto& check : bound.checks) {
    resolve(check.expr);
    rules->checks.push_back(std::move(check));
  }
  rules_[key] = rules;
  return std::shared_ptr<const RowRules>(std::move(rules));
}

Result<Value> SessionImpl::DefaultOf(const TableDef& table, ColumnId column, EvalContext& eval) {
  const ColumnDef* def = table.FindColumn(column);
  BindContext bind = MakeBindContext();
  ASSIGN_OR_RETURN(const ExprPtr expr, BindColumnDefault(table, *def, bind));
  if (!expr) return Value::Null(def->type);
  ASSIGN_OR_RETURN(Evaluator evaluator, Evaluator::Compile(*expr));
  return evaluator.EvaluateScalar(eval);
}

// --- Sequences, settings ----------------------------------------------------------------------

Result<int64_t> SessionImpl::NextValue(Oid sequence) {
  const auto def = ddl_->catalog()->SequenceByOid(sequence);
  if (!def) {
    return Error(ErrorCode::kWrongObjectType, "\"{}\" is not a sequence",
                 NameOf('r', sequence, false));
  }
  if (!def->temporary) RETURN_IF_ERROR(RefuseIfReadOnly("nextval()"));
  ASSIGN_OR_RETURN(const int64_t value, db_.sequences.Next(*def));
  current_values_[sequence] = value;
  last_sequence_ = sequence;
  return value;
}

Result<int64_t> SessionImpl::CurrentValue(Oid sequence) {
  const auto it = current_values_.find(sequence);
  if (it == current_values_.end()) {
    return Error(ErrorCode::kObjectNotInPrerequisiteState,
                 "currval of sequence \"{}\" is not yet defined in this session",
                 NameOf('r', sequence, false));
  }
  return it->second;
}

Result<int64_t> SessionImpl::LastValue() {
  if (last_sequence_ == 0) {
    return Error(ErrorCode::kObjectNotInPrerequisiteState,
                 "lastval is not yet defined in this session");
  }
  return CurrentValue(last_sequence_);
}

Status SessionImpl::SetValue(Oid sequence, int64_t value, bool is_called) {
  const auto def = ddl_->catalog()->SequenceByOid(sequence);
  if (!def) {
    return Error(ErrorCode::kWrongObjectType, "\"{}\" is not a sequence",
                 NameOf('r', sequence, false));
  }
  if (!def->temporary) RETURN_IF_ERROR(RefuseIfReadOnly("setval()"));
  RETURN_IF_ERROR(db_.sequences.Set(*def, value, is_called));
  if (is_called) {
    current_values_[sequence] = value;
    last_sequence_ = sequence;
  }
  return {};
}

Status SessionImpl::RestartSequence(Oid sequence, int64_t value) {
  const auto def = ddl_->catalog()->SequenceByOid(sequence);
  if (!def) return Error(ErrorCode::kInternalError, "no sequence with oid {}", sequence);
  return db_.sequences.Set(*def, value, false);
}

Result<std::string> SessionImpl::GetSetting(std::string_view name, bool) {
  const std::string lower = absl::AsciiStrToLower(std::string(name));
  const TransactionModes& modes = txn_->active() ? modes_ : settings_.default_modes();
  if (lower == "transaction_isolation") return std::string(modes.IsolationName());
  if (lower == "transaction_read_only") return std::string(modes.read_only ? "on" : "off");
  if (lower == "transaction_deferrable") return std::string(modes.deferrable ? "on" : "off");
  return settings_.Get(name);
}

Status SessionImpl::SetSetting(std::string_view name, std::string_view value, bool is_local) {
  if (is_local && state_ != State::kBlock) {
    ErrorInfo info;
    info.code = ErrorCode::kNoActiveSqlTransaction;
    info.message = "SET LOCAL can only be used in transaction blocks";
    Notice("WARNING", info);
  }
  if (IsTransactionMode(name)) return SetTransactionMode(name, value);
  return settings_.Set(name, value, is_local);
}

void SessionImpl::CheckDeadline(int64_t now_micros) {
  int64_t deadline = deadline_micros_.load(std::memory_order_relaxed);
  if (deadline == 0 || now_micros < deadline) return;
  if (!deadline_micros_.compare_exchange_strong(deadline, 0)) return;
  timed_out_.store(true, std::memory_order_relaxed);
  Cancel();
}

Result<Value> SessionImpl::CatalogFunction(std::string_view name, std::span<const Value> args) {
  return CallCatalogFunction(*this, name, args);
}

}  // namespace oxibase
