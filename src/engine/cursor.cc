#include "engine/cursor.h"

#include <algorithm>
#include <utility>

namespace oxibase {

namespace {

constexpr uint64_t kAll = UINT64_MAX;

uint64_t Magnitude(int64_t count) {
  if (count == ast::FetchStmt::kAll) return kAll;
  return count < 0 ? uint64_t{0} - static_cast<uint64_t>(count) : static_cast<uint64_t>(count);
}

}  // namespace

Cursor::Cursor(std::shared_ptr<PortalImpl> portal, Backward backward, bool hold)
    : portal_(std::move(portal)),
      columns_(portal_->columns().begin(), portal_->columns().end()),
      statement_(portal_->statement().sql),
      declared_micros_(portal_->statement().made_micros),
      backward_(backward),
      hold_(hold) {
  if (portal_->statement().cursor) facts_ = *portal_->statement().cursor;
  portal_->AttachMemory(memory_);
  if (backward == Backward::kKeepsRows) store_.emplace(StoreTypes());
}

std::vector<Type> Cursor::StoreTypes() const {
  std::vector<Type> types;
  for (const ResultColumn& column : columns_) types.push_back(column.type);
  types.resize(types.size() + facts_.row_id_tables.size(), TypeId::kInt8);
  return types;
}

std::optional<RowId> Cursor::RowIdAt(size_t i) const {
  if (!store_) return portal_->last_row_id(i);
  const auto at = static_cast<uint32_t>(position_ - 1);
  const Value id = store_->column(at, columns_.size() + i).GetValue(at % kVectorSize);
  if (id.is_null()) return std::nullopt;
  return RowId(static_cast<uint64_t>(id.As<int64_t>()));
}

Status Cursor::TakeAll() {
  RETURN_IF_ERROR(KeepRows());
  RETURN_IF_ERROR(Pull(kAll));
  portal_.reset();
  return {};
}

uint64_t Cursor::position() const {
  return store_ ? position_ : portal_->rows() + (portal_->done() ? 1 : 0);
}

bool Cursor::at_end() const {
  return store_ ? complete_ && position_ > store_->size() : portal_->done();
}

bool Cursor::on_row() const { return position() > 0 && !at_end(); }

Status Cursor::CheckBackward() const {
  if (scrolls()) return {};
  return Error(ErrorCode::kObjectNotInPrerequisiteState, "cursor can only scan forward")
      .Hint("Declare it with SCROLL option to enable backward scan.");
}

Status Cursor::KeepRows() {
  if (store_) return {};
  const uint64_t passed = position();
  if (passed > 0) RETURN_IF_ERROR(portal_->RunAgain());
  store_.emplace(StoreTypes());
  RETURN_IF_ERROR(Pull(passed));
  position_ = passed;
  return {};
}

Status Cursor::Pull(uint64_t count) {
  while (!complete_ && store_->size() < count) {
    const uint64_t wanted = std::min<uint64_t>(count - store_->size(), kVectorSize);
    ASSIGN_OR_RETURN(const Batch* batch, portal_->Next(static_cast<uint32_t>(wanted)));
    if (!batch) {
      complete_ = true;
      break;
    }
    store_->Append(*batch);
    RETURN_IF_ERROR(Hold());
  }
  return {};
}

Status Cursor::Hold() {
  if (store_memory_.Fits(store_->bytes())) return {};
  if (!temp_) {
    ASSIGN_OR_RETURN(temp_, portal_->MakeTempFile());
  }
  RETURN_IF_ERROR(store_->PageOut(temp_));
  store_memory_.Force(store_->bytes());
  return {};
}

Result<uint64_t> Cursor::Step(const Steps& steps, std::vector<std::vector<Value>>* rows) {
  if (steps.forward && streams()) {
    uint64_t moved = 0;
    while (moved < steps.count) {
      const uint64_t left = std::min<uint64_t>(steps.count - moved, kVectorSize);
      ASSIGN_OR_RETURN(const Batch* batch, portal_->Next(static_cast<uint32_t>(left)));
      if (!batch) break;
      moved += batch->size;
    }
    return moved;
  }
  const auto give = [&](uint64_t position) {
    if (!rows) return;
    auto& row = rows->emplace_back();
    const auto at = static_cast<uint32_t>(position - 1);
    for (size_t c = 0; c < columns_.size(); ++c) {
      row.push_back(store_->column(at, c).GetValue(at % kVectorSize));
    }
  };
  uint64_t moved = 0;
  if (steps.forward) {
    if (steps.count == 0) return moved;
    const uint64_t goal = steps.count > kAll - position_ ? kAll : position_ + steps.count;
    RETURN_IF_ERROR(Pull(goal));
    for (; position_ < std::min<uint64_t>(goal, store_->size()); ++moved) give(++position_);
    if (position_ < goal) position_ = store_->size() + 1;
    RETURN_IF_ERROR(store_->status());
    return moved;
  }
  RETURN_IF_ERROR(CheckBackward());
  RETURN_IF_ERROR(KeepRows());
  while (moved < steps.count && position_ > 0) {
    if (--position_ == 0) break;
    give(position_);
    ++moved;
  }
  RETURN_IF_ERROR(store_->status());
  return moved;
}

Status Cursor::Move(bool forward, uint64_t count) {
  return Step({.forward = forward, .count = count}, nullptr).status();
}

Status Cursor::Rewind() {
  if (position() == 0) return {};
  RETURN_IF_ERROR(CheckBackward());
  RETURN_IF_ERROR(KeepRows());
  position_ = 0;
  return {};
}

Result<Cursor::Steps> Cursor::Approach(const ast::FetchStmt& statement) {
  using Direction = ast::FetchStmt::Direction;
  const int64_t count = statement.count;
  const uint64_t magnitude = Magnitude(count);
  bool forward = true;
  switch (statement.direction) {
    case Direction::kAbsolute:
      if (count < 0) {
        RETURN_IF_ERROR(Move(true, kAll));
        if (magnitude > 1) RETURN_IF_ERROR(Move(false, magnitude - 1));
        return Steps{.forward = false, .count = 1};
      }
      if (count == 0 || position() >= magnitude) RETURN_IF_ERROR(Rewind());
      if (count == 0) return Steps{.forward = true, .count = 0};
      if (magnitude - 1 > position()) RETURN_IF_ERROR(Move(true, magnitude - 1 - position()));
      return Steps{.forward = true, .count = 1};
    case Direction::kRelative:
      if (count == 0) break;
      if (magnitude > 1) RETURN_IF_ERROR(Move(count > 0, magnitude - 1));
      return Steps{.forward = count > 0, .count = 1};
    case Direction::kForward:
      forward = count >= 0;
      break;
    case Direction::kBackward:
      forward = count < 0;
      break;
  }
  if (count != 0) return Steps{.forward = forward, .count = magnitude};
  // The row it stands on, once more.
  if (!on_row()) return Steps{.forward = true, .count = 0};
  if (!statement.move) RETURN_IF_ERROR(Move(false, 1));
  return Steps{.forward = true, .count = 1};
}

}  // namespace oxibase
