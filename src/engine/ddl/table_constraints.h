#pragma once
// Constraints of CREATE TABLE and ALTER TABLE ADD CONSTRAINT: each function checks one, names it
// and puts it into the definition. Nothing is checked against rows here.

#include <string>
#include <vector>

#include "catalog/objects.h"
#include "engine/ddl/ddl_host.h"
#include "sql/parse/ast_ddl.h"

namespace oxibase::ddl {

/// `column`: the one it was written behind, or empty. Returns the constraint's name.
Result<std::string> AddCheck(DdlHost& host, TableDef& table, const ast::Constraint& constraint,
                             const std::string& column);
/// PRIMARY KEY and UNIQUE: with an index of the constraint's name.
Result<std::string> AddKey(DdlHost& host, TableDef& table, const ast::Constraint& constraint,
                           const std::string& column);
/// ADD CONSTRAINT ... USING INDEX: the index gets the constraint's name.
Result<std::string> AddKeyUsingIndex(DdlHost& host, TableDef& table,
                                     const ast::Constraint& constraint);
/// Locks the table that it refers to.
Result<std::string> AddForeignKey(DdlHost& host, TableDef& table, const ast::Constraint& constraint,
                                  const std::string& column);
/// A table's NOT NULL constraint: marks the columns. Returns their names.
Result<std::vector<std::string>> AddNotNull(TableDef& table, const ast::Constraint& constraint);

/// The names of a foreign key's columns and what they refer to, checked again after one of the
/// types has changed: 42804.
Status CheckForeignKeyTypes(const ConstraintDef& key, const TableDef& table,
                            const TableDef& referenced);

/// 42710 if the table has a constraint of that name.
Status CheckConstraintName(const TableDef& table, const std::string& name);
/// Whether a relation of that name exists in the table's schema, the draft's own indexes included.
bool RelationNameTaken(DdlHost& host, const TableDef& table, const std::string& name);

}  // namespace oxibase::ddl
