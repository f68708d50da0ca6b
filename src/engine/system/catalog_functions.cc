// Functions over the catalog: pg_get_indexdef and its like.

#include <map>

#include "common/array.h"
#include "engine/ddl/definition_text.h"
#include "engine/session_impl.h"
#include "engine/system/system_table.h"
#include "expr/function.h"
#include "sql/parse/identifier.h"

namespace oxibase {
namespace {

using Args = std::span<const Value>;

Value Text(std::string text) { return Value::Text(std::move(text)); }
Value NullText() { return Value::Null(TypeId::kText); }
Oid OidAt(Args args, size_t i) { return args[i].As<uint32_t>(); }

bool FlagAt(Args args, size_t i) { return args.size() > i && args[i].AsBool(); }

Result<Value> GetExpr(SessionImpl& session, Args args) {
  const auto table = session.catalog()->TableByOid(OidAt(args, 1));
  const std::string& sql = args[0].bytes();
  if (!table) return Text(sql);
  // A default is shown as it is assigned to its column.
  std::optional<Type> type;
  for (const ColumnDef& column : table->columns) {
    if (column.dropped || column.default_sql != sql) continue;
    const bool is_same = !type || *type == column.type;
    type = is_same ? column.type : Type();
  }
  return Text(ddl::ExpressionText(session, *table, sql, FlagAt(args, 2), type.value_or(Type())));
}

Result<Value> GetIndexDef(SessionImpl& session, Args args) {
  const auto [table, index] = session.catalog()->IndexByOid(OidAt(args, 0));
  if (!index) return NullText();
  const int column = args.size() > 1 ? args[1].As<int32_t>() : 0;
  const auto columns = static_cast<int>(index->columns.size() + index->included.size());
  if (column < 0 || column > columns) return Text("");
  return Text(ddl::IndexDefinition(session, *table, *index, column, FlagAt(args, 2)));
}

Result<Value> GetConstraintDef(SessionImpl& session, Args args) {
  const Oid oid = OidAt(args, 0);
  for (const auto& [table_oid, table] : session.catalog()->tables()) {
    for (const ConstraintDef& constraint : table->constraints) {
      if (constraint.oid != oid) continue;
      return Text(ddl::ConstraintDefinition(session, *table, constraint, FlagAt(args, 1)));
    }
  }
  return NullText();
}

Result<Value> GetViewDef(SessionImpl& session, Args args) {
  Oid oid;
  if (PhysicalTypeOf(args[0].type()) == PhysicalType::kString) {
    ASSIGN_OR_RETURN(oid, session.FindOid('r', args[0].bytes()));
  } else {
    oid = OidAt(args, 0);
  }
  const auto view = session.catalog()->ViewByOid(oid);
  // Its second argument may also be where lines are to be broken.
  const bool pretty = args.size() > 1 && (args[1].type().id != TypeId::kBool || args[1].AsBool());
  return view ? Text(ddl::ViewDefinition(session, *view, pretty)) : NullText();
}

Result<Value> GetSerialSequence(SessionImpl& session, Args args) {
  ASSIGN_OR_RETURN(const Oid oid, session.FindOid('r', args[0].bytes()));
  const auto table = session.catalog()->TableByOid(oid);
  const ColumnDef* column = table ? table->FindColumn(args[1].bytes()) : nullptr;
  if (!column) {
    return Error(ErrorCode::kUndefinedColumn, "column \"{}\" of relation \"{}\" does not exist",
                 args[1].bytes(), args[0].bytes());
  }
  for (const auto& [sequence_oid, sequence] : session.catalog()->sequences()) {
    if (sequence->owned_by_table != oid || sequence->owned_by_column != column->id) continue;
    const auto schema = session.catalog()->SchemaByOid(sequence->schema);
    return Text(QuoteQualified(schema->name, sequence->name));
  }
  return NullText();
}

const Function* FindFunction(Oid oid) {
  for (const Function* function : FunctionTable::Get().all()) {
    if (function->oid == oid && !function->is_operator) return function;
  }
  return nullptr;
}

Result<Value> FunctionArguments(SessionImpl&, Args args) {
  const Function* function = FindFunction(OidAt(args, 0));
  if (!function) return NullText();
  std::string text;
  for (size_t i = 0; i < function->args.size(); ++i) {
    if (i) text += ", ";
    if (function->variadic && i + 1 == function->args.size()) text += "VARIADIC ";
    text += FormatType(Type(function->args[i]));
  }
  return Text(std::move(text));
}

Result<Value> FunctionResult(SessionImpl&, Args args) {
  const Function* function = FindFunction(OidAt(args, 0));
  if (!function) return NullText();
  std::string text = function->kind == FunctionKind::kTable ? "SETOF " : "";
  text +=
      FormatType(Type(function->result == TypeId::kInvalid ? TypeId::kRecord : function->result));
  return Text(std::move(text));
}

/// As \sf shows a function: all there are are built in.
Result<Value> FunctionDefinition(SessionImpl& session, Args args) {
  const Function* function = FindFunction(OidAt(args, 0));
  if (!function) return NullText();
  if (function->kind == FunctionKind::kAggregate) {
    return Error(ErrorCode::kWrongObjectType, "\"{}\" is an aggregate function", function->name);
  }
  ASSIGN_OR_RETURN(const Value arguments, FunctionArguments(session, args));
  ASSIGN_OR_RETURN(const Value result, FunctionResult(session, args));
  std::string text =
      fmt::format("CREATE OR REPLACE FUNCTION pg_catalog.{}({})\n RETURNS {}\n",
                  QuoteIdentifier(function->name), arguments.bytes(), result.bytes());
  text += " LANGUAGE internal\n";
  std::string words = function->kind == FunctionKind::kWindow ? " WINDOW" : "";
  if (function->volatility == Volatility::kImmutable) words += " IMMUTABLE";
  if (function->volatility == Volatility::kStable) words += " STABLE";
  words += " PARALLEL SAFE";
  if (function->strict) words += " STRICT";
  return Text(text + words + fmt::format("\nAS $function${}$function$\n", function->name));
}

Result<Value> TableIsVisible(SessionImpl& session, Args args) {
  const Oid oid = OidAt(args, 0);
  const std::string bare = session.NameOf('r', oid, false);
  if (bare.empty()) return Value::Null(TypeId::kBool);
  return Value::Bool(session.NameOf('r', oid, true) == bare);
}

Result<Value> AlwaysTrue(SessionImpl&, Args) { return Value::Bool(true); }
Result<Value> AlwaysFalse(SessionImpl&, Args) { return Value::Bool(false); }
Result<Value> NoText(SessionImpl&, Args) { return NullText(); }

Result<Value> OpenedAt(SessionImpl& session, Args) {
  return Value::Fixed<int64_t>(TypeId::kTimestampTz, session.db().opened_micros);
}

Result<Value> EmptyText(SessionImpl&, Args) { return Text(""); }

Result<Value> Comment(SessionImpl& session, Oid object, char kind, int16_t sub) {
  const std::string* text = session.catalog()->Comment(object, kind, sub);
  return text ? Text(*text) : NullText();
}

Result<Value> ObjectDescription(SessionImpl& session, Args args) {
  char kind = 'r';
  if (args.size() > 1) {
    const std::string& name = args[1].bytes();
    kind = name == "pg_class"        ? 'r'
           : name == "pg_namespace"  ? 'n'
           : name == "pg_constraint" ? 'c'
           : name == "pg_database"   ? 'd'
                                     : '?';
  }
  return Comment(session, OidAt(args, 0), kind, 0);
}

Result<Value> ColumnDescription(SessionImpl& session, Args args) {
  return Comment(session, OidAt(args, 0), 'r', static_cast<int16_t>(args[1].As<int32_t>()));
}

Result<Value> SharedDescription(SessionImpl& session, Args args) {
  if (args[1].bytes() != "pg_database") return NullText();
  return Comment(session, OidAt(args, 0), 'd', 0);
}

Result<Value> SequenceLastValue(SessionImpl& session, Args args) {
  const auto sequence = session.catalog()->SequenceByOid(OidAt(args, 0));
  if (!sequence) return Value::Null(TypeId::kInt8);
  const SequenceState state = session.db().sequences.Read(*sequence);
  return state.is_called ? Value::Int8(state.last_value) : Value::Null(TypeId::kInt8);
}

Result<Value> Signal(SessionImpl& session, int32_t pid, bool terminate) {
  if (session.db().Signal(pid, terminate)) return Value::Bool(true);
  ErrorInfo info;
  info.code = ErrorCode::kWarning;
  info.message = fmt::format("PID {} is not a PostgreSQL backend process", pid);
  session.Notice("WARNING", info);
  return Value::Bool(false);
}

Result<Value> CancelBackend(SessionImpl& session, Args args) {
  return Signal(session, args[0].As<int32_t>(), false);
}

/// `timeout`: milliseconds to wait for its end; 0: none.
Result<Value> TerminateBackend(SessionImpl& session, Args args) {
  const int32_t pid = args[0].As<int32_t>();
  const int64_t timeout = args.size() > 1 ? args[1].As<int64_t>() : 0;
  if (timeout < 0) {
    return Error(ErrorCode::kNumericValueOutOfRange, "\"timeout\" must not be negative");
  }
  ASSIGN_OR_RETURN(Value found, Signal(session, pid, true));
  if (!found.AsBool() || timeout == 0) return found;
  Clock& clock = session.db().env.clock();
  const int64_t end = clock.MonotonicMicros() + std::min(timeout, int64_t{1} << 40) * 1000;
  session.BeforeBlocking();
  while (session.db().HasSession(pid)) {
    RETURN_IF_ERROR(session.CheckInterrupts());
    if (clock.MonotonicMicros() >= end) {
      ErrorInfo info;
      info.code = ErrorCode::kWarning;
      info.message =
          fmt::format("backend with PID {} did not terminate within {} milliseconds", pid, timeout);
      session.Notice("WARNING", info);
      return Value::Bool(false);
    }
    clock.SleepMicros(5'000);
  }
  return found;
}

Result<Value> NoOid(SessionImpl&, Args) { return Value::Fixed<uint32_t>(TypeId::kOid, 0); }

Result<Value> Sleep(SessionImpl& session, Args args) {
  const double seconds = args[0].As<double>();
  Clock& clock = session.db().env.clock();
  const int64_t end =
      clock.MonotonicMicros() + static_cast<int64_t>(std::min(std::max(seconds, 0.0), 1e9) * 1e6);
  session.BeforeBlocking();
  constexpr int64_t kSliceMicros = 10'000;  // how late a cancel request may be noticed
  for (;;) {
    RETURN_IF_ERROR(session.CheckInterrupts());
    const int64_t left = end - clock.MonotonicMicros();
    if (left <= 0) return Value::String(TypeId::kVoid, "");
    clock.SleepMicros(std::min(left, kSliceMicros));
  }
}

Result<Value> BlockingPids(SessionImpl& session, Args args) {
  ArrayBuilder pids(TypeId::kInt4);
  for (const int32_t pid : session.db().txns.BlockersOf(args[0].As<int32_t>())) pids.Add(pid);
  std::string bytes;
  pids.Finish(&bytes);
  return Value::String(TypeId::kInt4Array, std::move(bytes));
}

const CatalogFunctions& Calls() {
  static const CatalogFunctions kCalls = {
      {"pg_get_expr", GetExpr},
      {"pg_get_indexdef", GetIndexDef},
      {"pg_get_constraintdef", GetConstraintDef},
      {"pg_get_viewdef", GetViewDef},
      {"pg_get_serial_sequence", GetSerialSequence},
      {"pg_get_function_arguments", FunctionArguments},
      {"pg_get_function_identity_arguments", FunctionArguments},
      {"pg_get_function_result", FunctionResult},
      {"pg_get_functiondef", FunctionDefinition},
      {"pg_tablespace_location", EmptyText},
      {"pg_get_function_arg_default", NoText},
      {"pg_get_function_sqlbody", NoText},
      {"pg_get_triggerdef", NoText},
      {"pg_get_ruledef", NoText},
      {"pg_get_statisticsobjdef", NoText},
      {"pg_get_statisticsobjdef_columns", NoText},
      {"pg_get_partkeydef", NoText},
      {"pg_get_partition_constraintdef", NoText},
      {"pg_table_is_visible", TableIsVisible},
      {"pg_type_is_visible", AlwaysTrue},
      {"pg_function_is_visible", AlwaysTrue},
      {"pg_operator_is_visible", AlwaysTrue},
      {"pg_collation_is_visible", AlwaysTrue},
      {"pg_opclass_is_visible", AlwaysTrue},
      {"pg_opfamily_is_visible", AlwaysTrue},
      {"pg_conversion_is_visible", AlwaysTrue},
      {"pg_statistics_obj_is_visible", AlwaysTrue},
      {"pg_postmaster_start_time", OpenedAt},
      {"pg_conf_load_time", OpenedAt},
      {"obj_description", ObjectDescription},
      {"col_description", ColumnDescription},
      {"shobj_description", SharedDescription},
      // The one role is a superuser.
      {"has_table_privilege", AlwaysTrue},
      {"has_schema_privilege", AlwaysTrue},
      {"has_database_privilege", AlwaysTrue},
      {"has_column_privilege", AlwaysTrue},
      {"has_any_column_privilege", AlwaysTrue},
      {"has_function_privilege", AlwaysTrue},
      {"has_sequence_privilege", AlwaysTrue},
      {"has_type_privilege", AlwaysTrue},
      {"has_tablespace_privilege", AlwaysTrue},
      {"pg_has_role", AlwaysTrue},
      {"row_security_active", AlwaysFalse},
      {"pg_relation_is_publishable", AlwaysFalse},
      {"pg_sequence_last_value", SequenceLastValue},
      {"pg_my_temp_schema", NoOid},
      {"pg_is_other_temp_schema", AlwaysFalse},
      {"pg_cancel_backend", CancelBackend},
      {"pg_terminate_backend", TerminateBackend},
      {"pg_sleep", Sleep},
      {"pg_blocking_pids", BlockingPids},
  };
  return kCalls;
}

}  // namespace

Result<Value> CallCatalogFunction(SessionImpl& session, std::string_view name, Args args) {
  for (const CatalogFunctions* functions :
       {&Calls(), &AdvisoryLockFunctions(), &PrivilegeFunctions(), &NotificationFunctions(),
        &BackupFunctions(), &HistoryFunctions(), &SizeFunctions()}) {
    const auto it = functions->find(name);
    if (it != functions->end()) return it->second(session, args);
  }
  return Error(ErrorCode::kFeatureNotSupported, "function {}() is not supported yet", name);
}

}  // namespace oxibase
