#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "engine/session.h"
#include "table_printer.h"

namespace oxibase {

/// The \d family: queries over pg_catalog, laid out as psql 15 does. One thread.
class Describer {
 public:
  /// `show` prints a table, `complain` a line to the user; null: nobody wants to hear that nothing
  /// was found, and lists are then shown empty. The session must outlive it.
  Describer(Session& session, std::function<void(const ResultTable&)> show,
            std::function<void(const std::string&)> complain)
      : session_(session), show_(std::move(show)), complain_(std::move(complain)) {}

  /// `command` with its backslash, such as "\dt+"; `pattern` may be empty. False if there is no
  /// such command. Errors: those of the queries.
  Result<bool> Run(std::string_view command, const std::string& pattern);
  /// \sv: a view as the statement that makes it.
  Result<std::string> ViewStatement(const std::string& name);

 private:
  Status ListRelations(std::string_view kinds, const std::string* pattern, bool verbose,
                       bool system);
  Status ListSchemas(const std::string* pattern, bool verbose);
  Status ListFunctions(std::string_view kinds, const std::string* pattern, bool verbose,
                       bool system);
  Status ListDatabases(const std::string* pattern, bool verbose);
  Status ListRoles(const std::string* pattern, bool verbose);
  Status ListTypes(const std::string* pattern, bool verbose, bool system);
  Status ListOperators(const std::string* pattern, bool system);
  Status ListCasts(const std::string* pattern);
  Status Show(const std::string& sql, const std::string& title);

  /// \d NAME, for each relation of that name.
  Status DescribeRelations(const std::string& pattern, bool verbose);
  struct Relation;
  Status DescribeRelation(const Relation& relation, bool verbose);
  Status DescribeSequence(const Relation& relation);
  Status AddIndexFooter(const Relation& relation, ResultTable* table);
  Status AddTableFooters(const Relation& relation, ResultTable* table);

  Session& session_;
  std::function<void(const ResultTable&)> show_;
  std::function<void(const std::string&)> complain_;
};

}  // namespace oxibase
