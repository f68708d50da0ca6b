#include "engine/portal_impl.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/session_impl.h"
#include "sql/parse/ast_dml.h"
#include "sql/parse/ast_utility.h"
#include "txn/single_read.h"

namespace oxibase {

PortalImpl::PortalImpl(SessionImpl& session, std::shared_ptr<PreparedImpl> statement,
                       std::span<const Value> params)
    : session_(session), statement_(std::move(statement)) {
  context_.params.assign(params.begin(), params.end());
}

PortalImpl::~PortalImpl() {
  ReleaseExecutor();
  session_.ForgetPortal(this);
}

bool PreparedImpl::copies_data() const {
  const auto* copy = ast::TryAs<ast::CopyStmt>(statement.get());
  return copy && copy->filename.empty();
}

PortalKind PortalImpl::kind() const {
  if (statement_->is_empty()) return PortalKind::kEmpty;
  if (const auto* copy = ast::TryAs<ast::CopyStmt>(statement_->statement.get())) {
    if (copy->filename.empty()) return copy->from ? PortalKind::kCopyIn : PortalKind::kCopyOut;
    return PortalKind::kCommand;
  }
  if (statement_->is_planned()) {
    return statement_->result.empty() && statement_->plan->command != LogicalPlan::Command::kSelect
               ? PortalKind::kCommand
               : PortalKind::kRows;
  }
  return SessionImpl::MakesRows(*statement_->statement) ? PortalKind::kRows : PortalKind::kCommand;
}

Status PortalImpl::Rebind(std::span<const Value> params) {
  if (params.size() != statement_->types.size()) {
    return Error(ErrorCode::kProtocolViolation,
                 "bind message supplies {} parameters, but the prepared statement requires {}",
                 params.size(), statement_->types.size());
  }
  if (state_ == State::kRunning) {
    if (executor_) executor_->Close();
    session_.ForgetPortal(this);
  }
  pin_.Release();
  if (general_) {
    ReleaseExecutor();
    statement_ = std::move(general_);
  }
  context_.params.resize(std::max(context_.params.size(), params.size()));
  std::copy(params.begin(), params.end(), context_.params.begin());
  context_.rows_affected = 0;
  state_ = State::kReady;
  batch_ = nullptr;
  rows_ = 0;
  tag_.clear();
  made_.rows.clear();
  made_at_ = 0;
  kept_fetch_ = {};
  return {};
}

void PortalImpl::AttachMemory(MemoryAccount& account) const {
  account.Attach(&session_.db_.statement_memory, session_.settings_.work_mem_bytes());
}

Result<std::shared_ptr<TempFile>> PortalImpl::MakeTempFile() {
  return session_.db_.temp.Create(session_.settings_.temp_bytes_max());
}

void PortalImpl::ReleaseExecutor() {
  if (point_read_ && point_read_->plan() == statement_->plan.get()) {
    statement_->point_read = std::move(point_read_);
  }
  if (!executor_) return;
  if (state_ != State::kDone) executor_->Close();
  if (plan_ == statement_->plan && !statement_->idle) {
    statement_->idle = std::move(executor_);
  }
  executor_.reset();
}

void PortalImpl::Suspend() {
  if (state_ != State::kRunning) return;
  if (statement_->is_planned() && !pin_) pin_ = session_.db().txns.Pin(context_.snapshot);
  session_.EndStatement(this);
}

void PortalImpl::Abandon() {
  if (executor_ && state_ == State::kRunning) executor_->Close();
  pin_.Release();
  batch_ = nullptr;
  if (state_ == State::kRunning) state_ = State::kAbandoned;
}

void PortalImpl::HoldSnapshot() {
  holds_snapshot_ = true;
  if (!pin_) pin_ = session_.db().txns.Pin(context_.snapshot);
}

Status PortalImpl::RunAgain() {
  OXI_DCHECK(holds_snapshot_ && executor_);
  executor_->Close();
  batch_ = nullptr;
  rows_ = 0;
  tag_.clear();
  context_.rows_affected = 0;
  context_.end_of_statement.clear();
  context_.doubtful_keys.clear();
  context_.overrides.clear();
  state_ = State::kRunning;
  Status status = executor_->Open(context_);
  return status.ok() ? status : Fail(std::move(status));
}

Status PortalImpl::Fail(Status status) {
  state_ = State::kFailed;
  batch_ = nullptr;
  if (executor_) executor_->Close();
  pin_.Release();
  session_.ForgetPortal(this);
  return status;
}

const Batch* PortalImpl::TryPointRead() {
  if (!point_read_) {
    if (!statement_->point_read) return nullptr;
    point_read_ = std::move(statement_->point_read);
  }
  PreparedImpl& statement = *statement_;
  SessionImpl& session = session_;
  // In a transaction its snapshot, its own changes and its locks count.
  if (session.state_ != SessionImpl::State::kIdle || context_.analyze ||
      session.settings_.default_modes().isolation != IsolationLevel::kReadCommitted) {
    return nullptr;
  }
  const SingleRead read(*session.txn_, point_read_->table());
  if (!read || point_read_->plan() != statement.plan.get() ||
      statement.catalog_number != session.db_.catalog_number() ||
      statement.plan_epoch != session.settings_.plan_epoch()) {
    return nullptr;
  }
  return point_read_->Read(read, context_.params);
}

Status PortalImpl::Start() {
  state_ = State::kRunning;
  if (statement_->is_planned()) return StartPlan();
  return StartUtility();
}

Status PortalImpl::ChoosePlan() {
  RETURN_IF_ERROR(session_.EnsureTransaction());
  RETURN_IF_ERROR(session_.EnsurePlan(*statement_));
  if (!statement_->plan->assumptions.empty() && !general_ && !statement_->is_plan_only)
      [[unlikely]] {
    context_.eval.params = context_.params;
    session_.FillEval(context_.eval);
    ASSIGN_OR_RETURN(auto variant, session_.VariantOf(*statement_, context_.eval));
    if (variant) general_ = std::exchange(statement_, std::move(variant));
  }
  if (!general_ && session_.WantsCustomPlan(*statement_)) [[unlikely]] {
    ASSIGN_OR_RETURN(auto custom, session_.CustomPlanOf(*statement_, params()));
    general_ = std::exchange(statement_, std::move(custom));
  }
  return {};
}

Status PortalImpl::StartPlan() {
  RETURN_IF_ERROR(ChoosePlan());
  if (session_.modes_.read_only && statement_->plan->modifies) {
    RETURN_IF_ERROR(session_.CheckReadOnly(*statement_));
  }
  if (!executor_ || plan_ != statement_->plan) {
    executor_.reset();
    plan_ = statement_->plan;
    if (statement_->idle && !context_.analyze) {  // what is told is of this run alone
      executor_ = std::move(statement_->idle);
    } else {
      ASSIGN_OR_RETURN(executor_, Executor::Create(plan_, session_));
    }
  }
  if (!statement_->point_read_tried) {
    statement_->point_read_tried = true;
    if (statement_->locks.size() == 1) {
      ASSIGN_OR_RETURN(statement_->point_read, PointRead::Create(plan_, session_));
    }
  }
  session_.BeginStatement(this);
  session_.AddPortal(this);
  context_.txn = session_.txn_.get();
  context_.snapshot = session_.txn_->BeginStatement(plan_->modifies);
  context_.as_of_newest = {};
  context_.tables = &session_;
  context_.virtual_tables = session_.system_tables_.get();
  context_.progress = &session_.progress_;
  context_.deferred = &session_.constraints_;
  context_.memory = &session_.db_.statement_memory;
  context_.operation_bytes = session_.settings_.work_mem_bytes();
  context_.temp = &session_.db_.temp;
  context_.temp_bytes_max = session_.settings_.temp_bytes_max();
  context_.rows_affected = 0;
  context_.end_of_statement.clear();
  context_.doubtful_keys.clear();
  context_.overrides.clear();
  for (const auto& current : statement_->current_of) {
    ASSIGN_OR_RETURN(const RowId row, session_.CurrentRow(current));
    context_.overrides.push_back({current.scan_id, row});
    context_.override_snapshot = context_.snapshot;
  }
  if (context_.params.size() < plan_->param_count) context_.params.resize(plan_->param_count);
  context_.eval.params = context_.params;
  session_.FillEval(context_.eval);
  return executor_->Open(context_);
}

Status PortalImpl::StartUtility() { return session_.RunUtility(*this); }

Result<const Batch*> PortalImpl::Slice(const Batch& batch, uint32_t max_rows) {
  const uint32_t left = batch.size - batch_at_;
  const uint32_t count = max_rows == 0 ? left : std::min(left, max_rows);
  if (const size_t hidden = row_id_count()) {
    last_row_ids_.resize(hidden);
    for (size_t i = 0; i < hidden; ++i) {
      const Vector& column = batch.columns[batch.columns.size() - hidden + i];
      const Value id = column.GetValue(batch_at_ + count - 1);
      last_row_ids_[i].reset();
      if (!id.is_null()) last_row_ids_[i] = RowId(static_cast<uint64_t>(id.As<int64_t>()));
    }
  }
  if (batch_at_ == 0 && count == batch.size) {
    batch_ = nullptr;
    rows_ += count;
    return &batch;
  }
  if (slice_.columns.size() != batch.columns.size()) {
    slice_ = Batch();
    for (const Vector& column : batch.columns) slice_.columns.emplace_back(column.type());
  }
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    slice_.columns[i].Select(batch.columns[i], kIdentitySelection.data() + batch_at_, count);
  }
  slice_.size = count;
  batch_at_ += count;
  batch_ = batch_at_ < batch.size ? &batch : nullptr;
  rows_ += count;
  return &slice_;
}

size_t PortalImpl::row_id_count() const {
  return statement_->cursor ? statement_->cursor->row_id_tables.size() : 0;
}

Result<const Batch*> PortalImpl::NextFetched(uint32_t max_rows) {
  uint32_t wanted = max_rows;
  if (fetch_rows_ == 0) return static_cast<const Batch*>(nullptr);
  if (fetch_rows_ != UINT64_MAX) {
    wanted =
        static_cast<uint32_t>(std::min<uint64_t>(fetch_rows_, max_rows ? max_rows : kVectorSize));
  }
  ASSIGN_OR_RETURN(const Batch* batch, inner_->Next(wanted));
  if (!batch) return batch;
  if (fetch_rows_ != UINT64_MAX) fetch_rows_ -= batch->size;
  rows_ += batch->size;
  if (inner_->row_id_count() == 0) return batch;
  const size_t count = batch->columns.size() - inner_->row_id_count();
  if (shown_.columns.size() != count) {
    shown_ = Batch();
    for (size_t i = 0; i < count; ++i) shown_.columns.emplace_back(batch->columns[i].type());
  }
  for (size_t i = 0; i < count; ++i) {
    shown_.columns[i].Select(batch->columns[i], kIdentitySelection.data(), batch->size);
  }
  shown_.size = batch->size;
  return &shown_;
}

Result<const Batch*> PortalImpl::NextRows(uint32_t max_rows) {
  if (batch_) return Slice(*batch_, max_rows);
  // FETCH and EXECUTE hand on another portal's rows.
  if (inner_) return NextFetched(max_rows);
  if (statement_->is_planned() || executor_) {
    for (;;) {
      ASSIGN_OR_RETURN(const Batch* batch, executor_->Next());
      if (!batch) return batch;
      if (batch->size == 0) continue;
      if (plan_->result.empty() && plan_->command != LogicalPlan::Command::kSelect) continue;
      batch_at_ = 0;
      batch_ = batch;
      return Slice(*batch, max_rows);
    }
  }
  if (made_at_ >= made_.rows.size() && kept_fetch_.left > 0) {
    RETURN_IF_ERROR(session_.FetchKept(*this));
  }
  if (made_at_ >= made_.rows.size()) return static_cast<const Batch*>(nullptr);
  const auto count =
      static_cast<uint32_t>(std::min<size_t>(made_.rows.size() - made_at_, kVectorSize));
  made_batch_ = Batch(made_.types);
  for (size_t c = 0; c < made_.types.size(); ++c) {
    made_batch_.columns[c].ResetFlat(count);
    for (uint32_t r = 0; r < count; ++r) {
      made_batch_.columns[c].SetValue(r, made_.rows[made_at_ + r][c]);
    }
  }
  made_batch_.size = count;
  made_at_ += count;
  batch_at_ = 0;
  batch_ = &made_batch_;
  return Slice(made_batch_, max_rows);
}

void PortalImpl::SetTag(std::string_view command, uint64_t rows) {
  char digits[20];
  const auto end = std::to_chars(digits, std::end(digits), rows).ptr;
  tag_.assign(command);
  tag_.append(digits, end);
}

void PortalImpl::Complete() {
  state_ = State::kDone;
  if (executor_) {
    executor_->Close();
    const uint64_t affected = context_.rows_affected;
    switch (plan_->command) {
      case LogicalPlan::Command::kSelect:
        SetTag("SELECT ", rows_);
        break;
      case LogicalPlan::Command::kInsert:
        SetTag("INSERT 0 ", affected);
        rows_ = affected;
        break;
      case LogicalPlan::Command::kUpdate:
        SetTag("UPDATE ", affected);
        rows_ = affected;
        break;
      case LogicalPlan::Command::kDelete:
        SetTag("DELETE ", affected);
        rows_ = affected;
        break;
    }
  } else if (inner_) {
    if (inner_is_cursor_) {
      SetTag("FETCH ", rows_);
    } else {
      tag_ = inner_->tag();
      rows_ = inner_->rows();
    }
  }
  if (holds_snapshot_) {
    session_.EndStatement(this);
    return;
  }
  pin_.Release();
  session_.ForgetPortal(this);
}

Result<const Batch*> PortalImpl::Next(uint32_t max_rows) {
  if (state_ == State::kDone) return static_cast<const Batch*>(nullptr);
  if (state_ == State::kAbandoned || state_ == State::kFailed) {
    return Error(ErrorCode::kInvalidCursorState, "the portal's transaction has ended");
  }
  if (statement_->is_empty()) {
    state_ = State::kDone;
    return static_cast<const Batch*>(nullptr);
  }
  if (state_ == State::kReady) {
    if (const Batch* row = TryPointRead()) {
      state_ = State::kDone;
      rows_ = 1;
      tag_ = "SELECT 1";
      return row;
    }
    if (Status status = Start(); !status.ok()) return Fail(std::move(status));
  }
  Result<const Batch*> batch = NextRows(max_rows);
  if (!batch.ok()) {
    // A cancelled statement says why: by request or by its time.
    if (batch.code() == ErrorCode::kQueryCanceled) {
      if (Status why = session_.CheckInterrupts(); !why.ok()) return Fail(std::move(why));
    }
    return Fail(std::move(batch).status());
  }
  if (*batch) {
    session_.NoteRowsRead();
    return batch;
  }
  if (executor_) {
    if (Status status = executor_->Finish(); !status.ok()) return Fail(std::move(status));
  }
  Complete();
  return batch;
}

Portal::CopyFormat PortalImpl::copy_format() const {
  return copy_ ? copy_->format() : CopyFormat();
}

Status PortalImpl::CopyData(std::string_view bytes) {
  if (!copy_ || state_ != State::kRunning) {
    return Error(ErrorCode::kProtocolViolation, "no COPY FROM STDIN is under way");
  }
  Status status = copy_->Data(bytes);
  return status.ok() ? status : Fail(std::move(status));
}

Status PortalImpl::CopyDone() {
  if (!copy_ || state_ != State::kRunning) {
    return Error(ErrorCode::kProtocolViolation, "no COPY FROM STDIN is under way");
  }
  Result<uint64_t> rows = copy_->Done();
  if (!rows.ok()) return Fail(std::move(rows).status());
  rows_ = *rows;
  SetTag("COPY ", rows_);
  copy_.reset();
  state_ = State::kDone;
  session_.ForgetPortal(this);
  return {};
}

Status PortalImpl::CopyFail(std::string_view reason) {
  copy_.reset();
  return Fail(Error(ErrorCode::kQueryCanceled, "COPY from stdin failed: {}", reason));
}

std::span<const size_t> PortalImpl::copy_row_ends() const {
  return copy_ ? copy_->row_ends() : std::span<const size_t>();
}

Result<std::string_view> PortalImpl::NextCopyData() {
  if (state_ == State::kDone) return std::string_view();
  if (!copy_ || state_ != State::kRunning) {
    return Error(ErrorCode::kProtocolViolation, "no COPY TO STDOUT is under way");
  }
  Result<std::string_view> bytes = copy_->Next();
  if (!bytes.ok()) return Fail(std::move(bytes).status());
  if (!bytes->empty()) return bytes;
  rows_ = copy_->rows();
  SetTag("COPY ", rows_);
  copy_.reset();
  state_ = State::kDone;
  session_.ForgetPortal(this);
  return std::string_view();
}

}  // namespace oxibase
