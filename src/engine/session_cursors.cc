// DECLARE, FETCH, MOVE, and the caller's portals that they may name.

#include <algorithm>

#include "engine/backward_scan.h"
#include "engine/session_impl.h"
#include "sql/parse/ast_select.h"
#include "sql/parse/ast_utility.h"

namespace oxibase {
namespace {

/// What may not be together in one declaration.
Status CheckDeclaration(const ast::DeclareCursorStmt& statement, const ast::SelectStmt& query) {
  if (query.locking.empty()) return {};
  const std::string_view clause = ast::LockClauseName(query.locking.front().strength);
  if (statement.hold) {
    return Error(ErrorCode::kFeatureNotSupported,
                 "DECLARE CURSOR WITH HOLD ... {} is not supported", clause)
        .Detail("Holdable cursors must be READ ONLY.");
  }
  if (statement.scroll == ast::DeclareCursorStmt::Scroll::kScroll) {
    return Error(ErrorCode::kFeatureNotSupported, "DECLARE SCROLL CURSOR ... {} is not supported",
                 clause)
        .Detail("Scrollable cursors must be READ ONLY.");
  }
  if (statement.insensitive) {
    return Error(ErrorCode::kInvalidCursorDefinition,
                 "DECLARE INSENSITIVE CURSOR ... {} is not valid", clause)
        .Detail("Insensitive cursors must be READ ONLY.");
  }
  return {};
}

}  // namespace

Status SessionImpl::RunDeclare(const ast::DeclareCursorStmt& statement) {
  using Scroll = ast::DeclareCursorStmt::Scroll;
  const auto* select = ast::TryAs<ast::SelectStmt>(statement.query.get());
  if (select) RETURN_IF_ERROR(CheckDeclaration(statement, *select));
  if (state_ != State::kBlock && !statement.hold) {
    return Error(ErrorCode::kNoActiveSqlTransaction,
                 "DECLARE CURSOR can only be used in transaction blocks");
  }
  if (statement.binary) {
    return Error(ErrorCode::kFeatureNotSupported, "DECLARE BINARY CURSOR is not supported");
  }
  if (cursors_.contains(statement.name)) {
    return Error(ErrorCode::kDuplicateCursor, "cursor \"{}\" already exists", statement.name);
  }
  // The tree belongs to the running portal's statement, which shares it.
  std::shared_ptr<const ast::Statement> tree = current_->statement_->statement;
  std::shared_ptr<const ast::Statement> query(tree, statement.query.get());
  ASSIGN_OR_RETURN(auto prepared,
                   PrepareToRun(current_->statement_->sql, query, current_->statement_->types,
                                /*for_cursor=*/true));
  prepared->made_micros = ClockMicros();
  const bool locks = select && !select->locking.empty();
  auto portal = std::make_shared<PortalImpl>(*this, prepared, current_->params());
  RETURN_IF_ERROR(portal->ChoosePlan());
  const PhysicalPlan& plan = *portal->statement().plan;
  if (plan.modifies && !locks) {
    return Error(ErrorCode::kFeatureNotSupported,
                 "DECLARE CURSOR must not contain data-modifying statements in WITH");
  }
  const bool is_simple = SupportsBackwardScan(*plan.root);
  auto backward = Cursor::Backward::kNever;
  if (statement.scroll == Scroll::kScroll ||
      (statement.scroll == Scroll::kDefault && is_simple && !locks)) {
    const bool runs_again = is_simple && !prepared->cursor->is_volatile && ReadsOnlyTables(plan);
    backward = runs_again ? Cursor::Backward::kRunsAgain : Cursor::Backward::kKeepsRows;
  }
  auto cursor = std::make_unique<Cursor>(portal, backward, statement.hold);
  if (statement.hold) {
    RETURN_IF_ERROR(cursor->TakeAll());
  } else {
    // Its snapshot is of now.
    RETURN_IF_ERROR(portal->Start());
    if (backward == Cursor::Backward::kRunsAgain) portal->HoldSnapshot();
  }
  cursor->set_number(++cursor_number_);
  cursors_.emplace(statement.name, std::move(cursor));
  return {};
}

Status SessionImpl::RunFetch(PortalImpl& portal, const ast::FetchStmt& statement) {
  const auto it = cursors_.find(statement.cursor);
  if (it == cursors_.end()) {
    return Error(ErrorCode::kInvalidCursorName, "cursor \"{}\" does not exist", statement.cursor);
  }
  Cursor& cursor = *it->second;
  if (statement.move && statement.count == 0 &&
      statement.direction != ast::FetchStmt::Direction::kAbsolute) {
    portal.tag_ = cursor.on_row() ? "MOVE 1" : "MOVE 0";
    return {};
  }
  ASSIGN_OR_RETURN(const Cursor::Steps steps, cursor.Approach(statement));
  if (!statement.move && steps.forward && cursor.streams()) {
    portal.inner_is_cursor_ = true;
    portal.inner_ = cursor.portal();
    portal.fetch_rows_ = steps.count;
    return {};
  }
  for (const ResultColumn& column : cursor.columns()) portal.made_.types.push_back(column.type);
  if (statement.move) {
    ASSIGN_OR_RETURN(const uint64_t count, cursor.Step(steps, nullptr));
    portal.tag_ = fmt::format("MOVE {}", count);
    return {};
  }
  portal.kept_fetch_ = {.cursor = statement.cursor,
                        .number = cursor.number(),
                        .forward = steps.forward,
                        .left = steps.count,
                        .fetched = 0};
  return FetchKept(portal);
}

Status SessionImpl::FetchKept(PortalImpl& portal) {
  PortalImpl::KeptFetch& fetch = portal.kept_fetch_;
  portal.made_.rows.clear();
  portal.made_at_ = 0;
  const auto it = cursors_.find(fetch.cursor);
  if (it == cursors_.end() || it->second->number() != fetch.number) fetch.left = 0;
  const uint64_t wanted = std::min<uint64_t>(fetch.left, kVectorSize);
  if (wanted > 0) {
    ASSIGN_OR_RETURN(
        const uint64_t count,
        it->second->Step({.forward = fetch.forward, .count = wanted}, &portal.made_.rows));
    fetch.fetched += count;
    if (count < wanted) fetch.left = 0;
    if (fetch.left != UINT64_MAX) fetch.left -= count < wanted ? 0 : count;
  }
  portal.tag_ = fmt::format("FETCH {}", fetch.fetched);
  return {};
}

Result<RowId> SessionImpl::CurrentRow(const CurrentOf& current) {
  const auto it = cursors_.find(current.cursor);
  if (it == cursors_.end()) {
    return Error(ErrorCode::kInvalidCursorName, "cursor \"{}\" does not exist", current.cursor);
  }
  const Cursor& cursor = *it->second;
  if (cursor.committed()) {
    return Error(ErrorCode::kInvalidCursorState,
                 "cursor \"{}\" is held from a previous transaction", current.cursor);
  }
  const CursorFacts& facts = cursor.facts();
  const auto& tables = facts.row_id_tables;
  const auto found = std::find(tables.begin(), tables.end(), current.table->oid);
  if (found == tables.end()) {
    if (facts.locks_rows) {
      return Error(ErrorCode::kInvalidCursorState,
                   "cursor \"{}\" does not have a FOR UPDATE/SHARE reference to table \"{}\"",
                   current.cursor, current.table->name);
    }
    return Error(ErrorCode::kInvalidCursorState,
                 "cursor \"{}\" is not a simply updatable scan of table \"{}\"", current.cursor,
                 current.table->name);
  }
  if (std::find(found + 1, tables.end(), current.table->oid) != tables.end()) {
    return Error(ErrorCode::kInvalidCursorState,
                 "cursor \"{}\" has multiple FOR UPDATE/SHARE references to table \"{}\"",
                 current.cursor, current.table->name);
  }
  if (!cursor.on_row()) {
    return Error(ErrorCode::kInvalidCursorState, "cursor \"{}\" is not positioned on a row",
                 current.cursor);
  }
  // Of an outer join's missing side there is no row.
  return cursor.RowIdAt(static_cast<size_t>(found - tables.begin())).value_or(RowId());
}

std::vector<SessionImpl::CursorInfo> SessionImpl::Cursors() const {
  std::vector<CursorInfo> out;
  for (const auto& [name, cursor] : cursors_) {
    out.push_back(
        {name, cursor->statement(), cursor->hold(), cursor->scrolls(), cursor->declared_micros()});
  }
  return out;
}

void SessionImpl::EndHeldCursors(bool committed) {
  std::erase_if(cursors_, [&](const auto& entry) {
    Cursor& cursor = *entry.second;
    if (committed) cursor.set_committed();
    return !cursor.committed();
  });
}

bool SessionImpl::NamePortal(std::string_view name, std::shared_ptr<Portal> portal) {
  auto named = std::static_pointer_cast<PortalImpl>(std::move(portal));
  // A FETCH stands for rows of another portal: fetching from it could go round in circles.
  if (named->kind() != PortalKind::kRows ||
      named->statement_->statement->kind == ast::StatementKind::kFetch) {
    return false;
  }
  auto cursor = std::make_unique<Cursor>(std::move(named), Cursor::Backward::kNever, false);
  cursor->set_number(++cursor_number_);
  cursors_.emplace(name, std::move(cursor));
  return true;
}

const Portal* SessionImpl::NamedPortal(std::string_view name) const {
  const auto it = cursors_.find(name);
  return it == cursors_.end() ? nullptr : it->second->portal().get();
}

bool SessionImpl::HasCursor(std::string_view name) const { return cursors_.contains(name); }

void SessionImpl::CloseCursor(std::string_view name) {
  if (const auto it = cursors_.find(name); it != cursors_.end()) cursors_.erase(it);
}

}  // namespace oxibase
