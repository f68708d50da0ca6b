// Tables, views and types by name.
#include <algorithm>

#include "expr/type_io.h"
#include "sql/bind/query_binder.h"
#include "sql/parse/identifier.h"

namespace oxibase::bind {

void QueryBinder::DependOn(Oid oid) {
  auto& list = context_.depends_on;
  if (std::find(list.begin(), list.end(), oid) == list.end()) list.push_back(oid);
}

void QueryBinder::Replace(int32_t location, int32_t length, std::string text) {
  if (!context_.replacements || view_depth_ > 0 || location < 0) return;
  context_.replacements->push_back({location, length, std::move(text)});
}

Result<ResolvedRelation> QueryBinder::FindRelation(const ast::QualifiedName& name, bool missing_ok,
                                                   bool sequences_too) {
  const CatalogVersion& catalog = context_.catalog;
  if (!name.catalog.empty() && name.catalog != "postgres") {
    return Error(ErrorCode::kFeatureNotSupported,
                 "cross-database references are not implemented: \"{}.{}.{}\"", name.catalog,
                 name.schema, name.name)
        .At(name.location);
  }
  std::vector<Oid> schemas;
  if (name.schema == "pg_temp") {
    if (context_.temp_schema) schemas.push_back(context_.temp_schema);
  } else if (!name.schema.empty()) {
    if (auto schema = catalog.FindSchema(name.schema)) schemas.push_back(schema->oid);
  } else {
    schemas = context_.search_path;
  }
  for (const Oid schema : schemas) {
    ResolvedRelation found;
    found.table = catalog.FindTable(schema, name.name);
    if (!found.table) found.view = catalog.FindView(schema, name.name);
    if (found.table || found.view) {
      DependOn(found.table ? found.table->oid : found.view->oid);
      if (name.schema.empty()) {
        if (auto def = catalog.SchemaByOid(schema)) {
          Replace(name.location, 0, QuoteIdentifier(def->name) + ".");
        }
      }
      return found;
    }
    if (const auto sequence = catalog.FindSequence(schema, name.name)) {
      if (!sequences_too) {
        return Error(ErrorCode::kWrongObjectType, "cannot use sequence \"{}\" as a table here",
                     name.name)
            .At(name.location);
      }
      DependOn(sequence->oid);
      if (name.schema.empty()) {
        Replace(name.location, 0, QuoteIdentifier(catalog.SchemaByOid(schema)->name) + ".");
      }
      found.sequence = sequence;
      return found;
    }
    if (catalog.FindIndex(schema, name.name).first) {
      return Error(ErrorCode::kWrongObjectType, "cannot open relation \"{}\"", name.name)
          .Detail("This operation is not supported for indexes.")
          .At(name.location);
    }
  }
  if (missing_ok) return ResolvedRelation();
  return Error(ErrorCode::kUndefinedTable, "relation \"{}\" does not exist", name.ToString())
      .At(name.location);
}

namespace {

Status NoSuchType(const ast::TypeName& type) {
  return Error(ErrorCode::kUndefinedObject, "type \"{}\" does not exist", type.name.ToString())
      .At(type.location);
}

}  // namespace

Result<Type> QueryBinder::BindTypeName(const ast::TypeName& type) {
  if (type.pct_type) {
    return Error(ErrorCode::kFeatureNotSupported, "%TYPE is not supported").At(type.location);
  }
  if (type.setof) {
    return Error(ErrorCode::kSyntaxError, "type \"{}\" cannot be a set here", type.name.ToString())
        .At(type.location);
  }
  if (!type.name.schema.empty() && type.name.schema != "pg_catalog") {
    if (!context_.catalog.FindSchema(type.name.schema)) {
      return Error(ErrorCode::kInvalidSchemaName, "schema \"{}\" does not exist", type.name.schema)
          .At(type.location);
    }
    return NoSuchType(type);
  }
  TypeId id = FindTypeByName(type.name.name);
  if (id == TypeId::kInvalid) return NoSuchType(type);
  // "char" in quotes is the catalogs' one byte, char without is bpchar: the parser tells by schema.
  std::vector<int32_t> args;
  for (const ast::ExprPtr& arg : type.typmods) {
    const auto* constant = ast::TryAs<ast::Const>(arg.get());
    if (!constant || constant->type != ast::Const::Type::kInteger) {
      const auto* op = ast::TryAs<ast::OperatorExpr>(arg.get());
      const auto* inner = op ? ast::TryAs<ast::Const>(op->right.get()) : nullptr;
      if (op && !op->left && op->op.name == "-" && inner &&
          inner->type == ast::Const::Type::kInteger) {
        args.push_back(-inner->integer);
        continue;
      }
      return Error(ErrorCode::kSyntaxError,
                   "type modifiers must be simple constants or identifiers")
          .At(arg->location);
    }
    args.push_back(constant->integer);
  }
  int32_t typmod = -1;
  if (!args.empty()) {
    const TypeId base = id;
    if (base == TypeId::kInterval) {
      const int32_t range = args[0];
      int32_t precision = args.size() > 1 ? args[1] : 0xFFFF;
      if (precision != 0xFFFF && (precision < 0 || precision > 6)) {
        if (precision < 0) {
          return Error(ErrorCode::kInvalidParameterValue,
                       "INTERVAL({}) precision must not be negative", precision)
              .At(type.location);
        }
        precision = 6;
      }
      if (args.size() > 1 || range != ast::kIntervalFullRange) {
        typmod = ((range & 0x7FFF) << 16) | (precision & 0xFFFF);
      }
    } else {
      Result<int32_t> made = MakeTypmod(base, args.data(), args.size());
      if (!made.ok()) {
        Status error = std::move(made).status();
        return std::move(error).At(type.location);
      }
      typmod = *made;
    }
  }
  if (type.is_array()) {
    const TypeId array = IsArrayType(id) ? id : ArrayTypeOf(id);
    if (array == TypeId::kInvalid) {
      return Error(ErrorCode::kUndefinedObject, "type \"{}[]\" does not exist",
                   type.name.ToString())
          .At(type.location);
    }
    id = array;
  }
  return Type(id, typmod);
}

}  // namespace oxibase::bind
