// The FROM clause of a view's text.
#include <algorithm>

#include "engine/ddl/view_writer.h"
#include "sql/parse/identifier.h"

namespace oxibase::ddl {

void SelectWriter::NameItems(const ast::FromItem& item) {
  if (item.kind == ast::FromItemKind::kJoin) {
    const auto& join = ast::As<ast::JoinExpr>(item);
    NameItems(*join.left);
    return NameItems(*join.right);
  }
  const auto columns = query_.trace_.columns.find(&item);
  if (columns == query_.trace_.columns.end() || item.kind == ast::FromItemKind::kRangeFunction) {
    return Unknown("an item of FROM");
  }
  const bool is_relation = item.kind == ast::FromItemKind::kRangeVar;
  const ast::Alias& alias =
      is_relation ? ast::As<ast::RangeVar>(item).alias : ast::As<ast::RangeSubselect>(item).alias;
  const std::string wanted =
      is_relation && alias.empty() ? ast::As<ast::RangeVar>(item).name.name : alias.name;
  const auto taken = [&](const std::string& name) {
    for (const Scope* scope = &scope_; scope; scope = scope->outer) {
      if (scope->taken.contains(name)) return true;
    }
    return false;
  };
  std::string name = wanted;
  for (int i = 1; taken(name); ++i) name = wanted + "_" + std::to_string(i);
  scope_.taken.insert(name);
  for (const auto& [var, column] : columns->second) {
    scope_.columns[var] = QuoteIdentifier(name) + "." + QuoteIdentifier(column);
  }
  scope_.columns[query_.trace_.rows.at(&item)] = QuoteIdentifier(name) + ".*";
  scope_.names[&item] = std::move(name);
}

void SelectWriter::ItemName(const ast::FromItem& item, const ast::Alias& alias,
                            const std::string& relation) {
  const std::string& name = scope_.names[&item];
  if (name != relation || !alias.empty()) {
    if (name != relation || !alias.columns.empty()) out_ += " " + QuoteIdentifier(name);
  }
  if (alias.columns.empty()) return;
  out_ += "(";
  const auto& columns = query_.trace_.columns.at(&item);
  for (size_t i = 0; i < columns.size(); ++i) {
    out_ += (i > 0 ? ", " : "") + QuoteIdentifier(columns[i].second);
  }
  out_ += ")";
}

void SelectWriter::Relation(const ast::RangeVar& item) {
  const ast::QualifiedName& name = item.name;
  if (!item.inherit) out_ += "ONLY ";
  std::string text = QuoteIdentifier(name.name);
  if (!name.schema.empty()) {
    const auto schema = query_.catalog_->FindSchema(name.schema);
    if (!schema || !IsVisible(schema->oid, name.name)) {
      text = QuoteQualified(name.schema, name.name);
    }
  }
  out_ += text;
  if (item.as_of) {
    const bool is_transaction = item.as_of->kind == ast::AsOf::Kind::kTransaction;
    out_ += (is_transaction ? " AS OF TRANSACTION " : " AS OF TIMESTAMP ") + item.as_of->text;
  }
  ItemName(item, item.alias, name.name);
}

void SelectWriter::FromItem(const ast::FromItem& item) {
  switch (item.kind) {
    case ast::FromItemKind::kRangeVar:
      return Relation(ast::As<ast::RangeVar>(item));
    case ast::FromItemKind::kRangeSubselect: {
      const auto& subselect = ast::As<ast::RangeSubselect>(item);
      if (subselect.lateral) out_ += "LATERAL ";
      // Within it its own columns have other names, and those beside it none unless it is LATERAL.
      const std::map<VarId, std::string> columns = scope_.columns;
      if (!subselect.lateral) scope_.columns.clear();
      for (const auto& [var, name] : query_.trace_.columns.at(&item)) scope_.columns.erase(var);
      out_ += "(" +
              query_.Query(*subselect.query, query_.NamesOf(*subselect.query), indent_, &scope_) +
              ")";
      scope_.columns = columns;
      return ItemName(item, subselect.alias, "");
    }
    case ast::FromItemKind::kRangeFunction:
      return Unknown("a function in FROM");
    case ast::FromItemKind::kJoin:
      return Join(ast::As<ast::JoinExpr>(item));
  }
}

void SelectWriter::Join(const ast::JoinExpr& join) {
  if (join.natural || !join.alias.empty() || !join.using_alias.empty()) {
    return Unknown("a join with names of its own");
  }
  if (!join.using_columns.empty() && join.type != ast::JoinType::kInner &&
      join.type != ast::JoinType::kLeft) {
    return Unknown("USING of an outer join");
  }
  if (!query_.pretty_) out_ += '(';
  FromItem(*join.left);
  const bool conditional = join.on || !join.using_columns.empty();
  const char* word = " LEFT JOIN ";
  switch (join.type) {
    case ast::JoinType::kInner:
      word = conditional ? " JOIN " : " CROSS JOIN ";
      break;
    case ast::JoinType::kLeft:
      break;
    case ast::JoinType::kFull:
      word = " FULL JOIN ";
      break;
    case ast::JoinType::kRight:
      word = " RIGHT JOIN ";
      break;
  }
  Keyword(word, -kIndentStd, kIndentStd, kIndentJoin);
  const bool paren = query_.pretty_ && join.right->kind == ast::FromItemKind::kJoin;
  if (paren) out_ += '(';
  FromItem(*join.right);
  if (paren) out_ += ')';
  if (!join.using_columns.empty()) {
    out_ += " USING (";
    for (size_t i = 0; i < join.using_columns.size(); ++i) {
      out_ += (i > 0 ? ", " : "") + QuoteIdentifier(join.using_columns[i]);
    }
    out_ += ")";
  } else if (join.on) {
    out_ += " ON " + (query_.pretty_ ? Text(*join.on) : "(" + Text(*join.on) + ")");
  }
  if (!query_.pretty_) out_ += ')';
}

}  // namespace oxibase::ddl
