// pg_type, pg_proc, pg_operator and their like.

#include "common/array.h"
#include "engine/session_impl.h"
#include "engine/system/system_table.h"
#include "engine/system/type_functions.h"
#include "expr/function.h"

namespace oxibase::system_tables {
namespace {

Status PgType(const Source& s) {
  for (const TypeInfo& type : AllTypes()) {
    const FunctionsOfType functions = FunctionsOf(type.id);
    const bool by_value = type.physical != PhysicalType::kString && type.length <= 8;
    s.Row({O(static_cast<Oid>(type.id)),
           N(type.name),
           O(kPgCatalogSchema),
           O(kPostgresRole),
           I2(type.length),
           B(by_value),
           C(type.kind),
           C(type.category),
           B(type.preferred),
           B(true),
           C(','),
           O(0),
           Value::Fixed<uint32_t>(TypeId::kRegProc, functions.subscript),
           O(static_cast<Oid>(type.element)),
           O(static_cast<Oid>(type.array)),
           Value::Fixed<uint32_t>(TypeId::kRegProc, functions.input),
           Value::Fixed<uint32_t>(TypeId::kRegProc, functions.output),
           Value::Fixed<uint32_t>(TypeId::kRegProc, functions.receive),
           Value::Fixed<uint32_t>(TypeId::kRegProc, functions.send),
           Value::Fixed<uint32_t>(TypeId::kRegProc, functions.modifier_in),
           Value::Fixed<uint32_t>(TypeId::kRegProc, functions.modifier_out),
           Value::Fixed<uint32_t>(TypeId::kRegProc, 0),
           C(type.length == 8 ? 'd' : 'i'),
           C(type.id == TypeId::kNumeric ? 'm'
             : type.length < 0           ? 'x'
                                         : 'p'),
           B(false),
           O(0),
           I4(-1),
           I4(0),
           O(CollationOf(type.id)),
           Null(),
           Null(),
           Null()});
  }
  return {};
}

char KindOf(const Function& function) {
  switch (function.kind) {
    case FunctionKind::kAggregate:
      return 'a';
    case FunctionKind::kWindow:
      return 'w';
    default:
      return 'f';
  }
}

Status PgProc(const Source& s) {
  for (const Function* f : FunctionTable::Get().all()) {
    if (f->is_operator) continue;
    std::vector<Oid> args;
    for (const TypeId arg : f->args) args.push_back(static_cast<Oid>(arg));
    const TypeId result = f->result == TypeId::kInvalid ? TypeId::kRecord : f->result;
    s.Row({O(f->oid),
           N(f->name),
           O(kPgCatalogSchema),
           O(kPostgresRole),
           O(12),
           F4(1),
           F4(f->kind == FunctionKind::kTable ? 1000 : 0),
           O(0),
           Value::Fixed<uint32_t>(TypeId::kRegProc, 0),
           C(KindOf(*f)),
           B(false),
           B(false),
           B(f->strict),
           B(f->kind == FunctionKind::kTable),
           C(static_cast<char>(f->volatility)),
           C('s'),
           I2(static_cast<int64_t>(args.size())),
           I2(f->optional_args),
           O(static_cast<Oid>(result)),
           OidVector(args),
           Null(),
           Null(),
           Null(),
           Null(),
           Null(),
           T(f->name),
           Null(),
           Null(),
           Null(),
           Null()});
  }
  for (const TypeFunction& f : AllTypeFunctions()) {
    s.Row({O(f.oid),
           N(f.name),
           O(kPgCatalogSchema),
           O(kPostgresRole),
           O(12),
           F4(1),
           F4(0),
           O(0),
           Value::Fixed<uint32_t>(TypeId::kRegProc, 0),
           C('f'),
           B(false),
           B(false),
           B(f.strict),
           B(false),
           C(f.volatility),
           C('s'),
           I2(static_cast<int64_t>(f.args.size())),
           I2(0),
           O(f.result),
           OidVector(f.args),
           Null(),
           Null(),
           Null(),
           Null(),
           Null(),
           T(f.name),
           Null(),
           Null(),
           Null(),
           Null()});
  }
  return {};
}

Status PgOperator(const Source& s) {
  for (const Function* f : FunctionTable::Get().all()) {
    if (!f->is_operator || f->args.empty()) continue;
    const bool prefix = f->args.size() == 1;
    s.Row({O(f->oid), N(f->name), O(kPgCatalogSchema), O(kPostgresRole), C(prefix ? 'l' : 'b'),
           B(f->name == "="), B(f->name == "="), O(prefix ? 0 : static_cast<Oid>(f->args[0])),
           O(static_cast<Oid>(f->args.back())), O(static_cast<Oid>(f->result)), O(0), O(0),
           Value::Fixed<uint32_t>(TypeId::kRegProc, f->implementation)});
  }
  return {};
}

Status PgAm(const Source& s) {
  s.Row({O(kHeapMethod), N("heap"), Value::Fixed<uint32_t>(TypeId::kRegProc, 0), C('t')});
  s.Row({O(kBtreeMethod), N("btree"), Value::Fixed<uint32_t>(TypeId::kRegProc, 0), C('i')});
  s.Row({O(kHashMethod), N("hash"), Value::Fixed<uint32_t>(TypeId::kRegProc, 0), C('i')});
  s.Row({O(kBitmapMethod), N("bitmap"), Value::Fixed<uint32_t>(TypeId::kRegProc, 0), C('i')});
  return {};
}

Status PgCollation(const Source& s) {
  const auto row = [&](Oid oid, std::string_view name, char provider) {
    s.Row({O(oid), N(name), O(kPgCatalogSchema), O(kPostgresRole), C(provider), B(true), I4(-1),
           provider == 'd' ? Null() : T(name), provider == 'd' ? Null() : T(name), Null(), Null()});
  };
  row(kDefaultCollation, "default", 'd');
  row(950, "C", 'c');
  row(951, "POSIX", 'c');
  row(12340, "ucs_basic", 'c');
  return {};
}

Status PgLanguage(const Source& s) {
  s.Row({O(12), N("internal"), O(kPostgresRole), B(false), B(false), O(0), O(0), O(0), Null()});
  return {};
}

Status Nothing(const Source&) { return {}; }

}  // namespace

Value Int2Vector(std::span<const int16_t> numbers) {
  ArrayBuilder builder(TypeId::kInt2);
  for (const int16_t number : numbers) builder.Add(number);
  std::string bytes;
  builder.Finish(&bytes, 0);
  return Value::String(TypeId::kInt2Vector, std::move(bytes));
}

Value AclArray(std::initializer_list<std::string_view> items) {
  ArrayBuilder builder(TypeId::kAclItem);
  for (const std::string_view item : items) builder.AddString(item);
  std::string bytes;
  builder.Finish(&bytes);
  return Value::String(TypeId::kAclItemArray, std::move(bytes));
}

Value TextArray(const std::vector<std::string>& items) {
  ArrayBuilder builder(TypeId::kText);
  for (const std::string& item : items) builder.AddString(item);
  std::string bytes;
  builder.Finish(&bytes);
  return Value::String(TypeId::kTextArray, std::move(bytes));
}

Value Int2Array(std::span<const int16_t> numbers) {
  ArrayBuilder builder(TypeId::kInt2);
  for (const int16_t number : numbers) builder.Add(number);
  std::string bytes;
  builder.Finish(&bytes);
  return Value::String(TypeId::kInt2Array, std::move(bytes));
}

Value OidVector(std::span<const Oid> oids) {
  ArrayBuilder builder(TypeId::kOid);
  for (const Oid oid : oids) builder.Add(oid);
  std::string bytes;
  builder.Finish(&bytes, 0);
  return Value::String(TypeId::kOidVector, std::move(bytes));
}

std::vector<SystemTable> TypeTables() {
  const Oid schema = kPgCatalogSchema;
  return {
      {1247, schema, "pg_type",
       "oid oid, typname name, typnamespace oid, typowner oid, typlen int2, typbyval bool, "
       "typtype char, typcategory char, typispreferred bool, typisdefined bool, typdelim char, "
       "typrelid oid, typsubscript regproc, typelem oid, typarray oid, typinput regproc, "
       "typoutput regproc, typreceive regproc, typsend regproc, typmodin regproc, typmodout "
       "regproc, typanalyze regproc, typalign char, typstorage char, "
       "typnotnull bool, typbasetype oid, typtypmod int4, typndims int4, typcollation oid, "
       "typdefaultbin pg_node_tree, typdefault text, typacl _aclitem",
       PgType},
      {1255, schema, "pg_proc",
       "oid oid, proname name, pronamespace oid, proowner oid, prolang oid, procost float4, "
       "prorows float4, provariadic oid, prosupport regproc, prokind char, prosecdef bool, "
       "proleakproof bool, proisstrict bool, proretset bool, provolatile char, "
       "proparallel char, pronargs int2, pronargdefaults int2, prorettype oid, "
       "proargtypes oidvector, proallargtypes _oid, proargmodes _char, proargnames _text, "
       "proargdefaults pg_node_tree, protrftypes _oid, prosrc text, probin text, "
       "prosqlbody pg_node_tree, proconfig _text, proacl _aclitem",
       PgProc},
      {2617, schema, "pg_operator",
       "oid oid, oprname name, oprnamespace oid, oprowner oid, oprkind char, oprcanmerge bool, "
       "oprcanhash bool, oprleft oid, oprright oid, oprresult oid, oprcom oid, oprnegate oid, "
       "oprcode regproc",
       PgOperator},
      {2601, schema, "pg_am", "oid oid, amname name, amhandler regproc, amtype char", PgAm},
      {3456, schema, "pg_collation",
       "oid oid, collname name, collnamespace oid, collowner oid, collprovider char, "
       "collisdeterministic bool, collencoding int4, collcollate text, collctype text, "
       "colliculocale text, collversion text",
       PgCollation},
      {2612, schema, "pg_language",
       "oid oid, lanname name, lanowner oid, lanispl bool, lanpltrusted bool, "
       "lanplcallfoid oid, laninline oid, lanvalidator oid, lanacl _aclitem",
       PgLanguage},
      {2600, schema, "pg_aggregate",
       "aggfnoid regproc, aggkind char, aggnumdirectargs int2, aggtransfn regproc", Nothing},
      {2605, schema, "pg_cast",
       "oid oid, castsource oid, casttarget oid, castfunc oid, castcontext char, castmethod char",
       Nothing},
      {3501, schema, "pg_enum", "oid oid, enumtypid oid, enumsortorder float4, enumlabel name",
       Nothing},
      {3541, schema, "pg_range",
       "rngtypid oid, rngsubtype oid, rngmultitypid oid, rngcollation oid, rngsubopc oid, "
       "rngcanonical regproc, rngsubdiff regproc",
       Nothing},
      {2616, schema, "pg_opclass",
       "oid oid, opcmethod oid, opcname name, opcnamespace oid, opcowner oid, opcfamily oid, "
       "opcintype oid, opcdefault bool, opckeytype oid",
       Nothing},
      {2753, schema, "pg_opfamily",
       "oid oid, opfmethod oid, opfname name, opfnamespace oid, opfowner oid", Nothing},
      {2607, schema, "pg_conversion",
       "oid oid, conname name, connamespace oid, conowner oid, conforencoding int4, "
       "contoencoding int4, conproc regproc, condefault bool",
       Nothing},
  };
}

}  // namespace oxibase::system_tables
