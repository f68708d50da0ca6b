#include "catalog/table_storage.h"

#include "expr/type_io.h"

namespace oxibase {
namespace {

std::shared_ptr<const RowLayout> LayoutAt(const TableDef& table, SchemaVersion version) {
  std::vector<std::pair<ColumnId, Type>> columns;
  std::vector<Value> missing;
  for (const ColumnDef& column : table.columns) {
    if (column.added_in > version) continue;
    columns.emplace_back(column.id, column.type);
    missing.push_back(column.missing);
  }
  return std::make_shared<RowLayout>(version, std::move(columns), std::move(missing));
}

/// Whether `layout` has the columns that LayoutAt would give it.
bool IsLayoutAt(const RowLayout& layout, const TableDef& table, SchemaVersion version) {
  size_t at = 0;
  for (const ColumnDef& column : table.columns) {
    if (column.added_in > version) continue;
    if (at == layout.columns().size() || layout.columns()[at].id != column.id ||
        layout.columns()[at].type != column.type) {
      return false;
    }
    ++at;
  }
  return layout.version() == version && at == layout.columns().size();
}

IndexSpec::Method MethodOf(IndexMethod method) {
  switch (method) {
    case IndexMethod::kOrdered:
      return IndexSpec::Method::kOrdered;
    case IndexMethod::kHash:
      return IndexSpec::Method::kHash;
    case IndexMethod::kBitmap:
      return IndexSpec::Method::kBitmap;
  }
  return IndexSpec::Method::kOrdered;
}

/// "Key (a, lower(b))=(1, x)".
std::string DescribeKey(const std::vector<std::string>& names, std::span<const Value> key) {
  std::string columns, values;
  for (const std::string& name : names) columns += (columns.empty() ? "" : ", ") + name;
  const TypeIo io;
  for (const Value& value : key) {
    if (!values.empty()) values += ", ";
    if (value.is_null()) {
      values += "null";
    } else {
      TextOut(value, io, &values);
    }
  }
  return "Key (" + columns + ")=(" + values + ")";
}

}  // namespace

std::shared_ptr<const TableSchema> BuildTableSchema(const TableDef& table,
                                                    const TableSchema* before) {
  std::vector<std::shared_ptr<const RowLayout>> layouts;
  for (uint32_t version = 0; version <= table.schema_version; ++version) {
    // (The newest has the missing values that count.)
    if (before && version < table.schema_version && version < before->layouts().size() &&
        IsLayoutAt(*before->layouts()[version], table, static_cast<SchemaVersion>(version))) {
      layouts.push_back(before->layouts()[version]);
    } else {
      layouts.push_back(LayoutAt(table, static_cast<SchemaVersion>(version)));
    }
  }
  return std::make_shared<TableSchema>(std::move(layouts));
}

IndexSpec BuildIndexSpec(const TableDef& table, const IndexDef& index) {
  IndexSpec spec;
  spec.oid = index.oid;
  spec.name = index.name;
  spec.method = MethodOf(index.method);
  spec.unique = index.unique;
  spec.nulls_not_distinct = index.nulls_not_distinct;
  spec.predicate = index.predicate;
  spec.deferrable = index.unique && !table.IsAlwaysUnique(index);
  spec.referable = spec.always_unique() && !index.predicate.has_value();
  std::vector<std::string> names;
  for (const IndexColumn& column : index.columns) {
    spec.columns.push_back({column.column, SortOrder{.descending = column.descending,
                                                     .nulls_first = column.nulls_first}});
    if (!column.expression_sql.empty()) {
      spec.referable = false;
      names.push_back(column.expression_sql);
    } else if (const ColumnDef* definition = table.FindColumn(column.column)) {
      names.push_back(definition->name);
    }
  }
  spec.describe = [names](std::span<const Value> key) {
    return DescribeKey(names, key) + " already exists.";
  };
  spec.describe_duplicate = [names = std::move(names)](std::span<const Value> key) {
    return DescribeKey(names, key) + " is duplicated.";
  };
  return spec;
}

}  // namespace oxibase
