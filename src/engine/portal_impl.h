#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/prepared.h"
#include "engine/session.h"
#include "exec/exec_context.h"
#include "exec/memory_account.h"
#include "exec/point_read.h"
#include "storage/temp/temp_space.h"
#include "txn/txn_manager.h"

namespace oxibase {

class SessionImpl;

/// Rows a utility statement made, handed out in batches.
struct MaterializedRows {
  std::vector<Type> types;
  std::vector<std::vector<Value>> rows;
};

/// What a COPY does with bytes; made by engine/copy.
class CopyTask {
 public:
  virtual ~CopyTask() = default;
  virtual Portal::CopyFormat format() const = 0;
  virtual Status Data(std::string_view bytes) = 0;                 // FROM
  virtual Result<uint64_t> Done() = 0;                             // FROM: the rows copied
  virtual Result<std::string_view> Next() = 0;                     // TO: empty at the end
  virtual std::span<const size_t> row_ends() const { return {}; }  // in what Next gave
  virtual uint64_t rows() const = 0;
};

class PortalImpl : public Portal {
 public:
  PortalImpl(SessionImpl& session, std::shared_ptr<PreparedImpl> statement,
             std::span<const Value> params);
  ~PortalImpl() override;

  PortalKind kind() const override;
  std::span<const ResultColumn> columns() const override { return statement_->result; }
  Result<const Batch*> Next(uint32_t max_rows) override;
  std::string_view tag() const override { return tag_; }
  uint64_t rows() const override { return rows_; }
  Status Rebind(std::span<const Value> params) override;
  CopyFormat copy_format() const override;
  Status CopyData(std::string_view bytes) override;
  Status CopyDone() override;
  Status CopyFail(std::string_view reason) override;
  Result<std::string_view> NextCopyData() override;
  std::span<const size_t> copy_row_ends() const override;

  const PreparedImpl& statement() const { return *statement_; }
  /// Makes the plan current, and the one for these parameters where there are several. Start does
  /// it too. REQUIRES: the statement has a plan
  Status ChoosePlan();
  /// What Bind gave.
  std::span<const Value> params() const {
    return std::span(context_.params).first(statement_->types.size());
  }
  bool started() const { return state_ != State::kReady; }
  bool done() const { return state_ == State::kDone; }
  /// Another statement begins while this one has rows left: its snapshot is kept.
  void Suspend();
  /// The transaction ends: nothing may be taken from it any more.
  void Abandon();
  /// A cursor's: how many columns its batches have behind columns(), and of the last row handed out
  /// what they hold; none: NULL.
  size_t row_id_count() const;
  std::optional<RowId> last_row_id(size_t i) const { return last_row_ids_[i]; }
  /// Keeps what its snapshot shows beyond its end, for RunAgain. REQUIRES: it has started
  void HoldSnapshot();
  /// Begins anew from its first row, under the snapshot it holds.
  Status RunAgain();
  /// For whoever keeps its rows: what they are counted in, and room for those that do not fit.
  void AttachMemory(MemoryAccount& account) const;
  Result<std::shared_ptr<TempFile>> MakeTempFile();
  /// The plan this runs, and how it went; for EXPLAIN ANALYZE.
  Executor* executor() { return executor_.get(); }
  void set_analyze() { context_.analyze = true; }

 private:
  friend class SessionImpl;
  enum class State : uint8_t { kReady, kRunning, kDone, kFailed, kAbandoned };

  /// The answer of a statement that is one lookup, outside of a transaction. Null: it must be run.
  const Batch* TryPointRead();
  Status Start();
  Status StartPlan();
  Status StartUtility();
  Result<const Batch*> NextRows(uint32_t max_rows);
  Result<const Batch*> NextFetched(uint32_t max_rows);
  Result<const Batch*> Slice(const Batch& batch, uint32_t max_rows);
  void Complete();
  void SetTag(std::string_view command, uint64_t rows);
  Status Fail(Status status);
  void ReleaseExecutor();

  SessionImpl& session_;
  std::shared_ptr<PreparedImpl> statement_;
  std::shared_ptr<PreparedImpl> general_;     // while a variant for these parameters is statement_
  std::shared_ptr<const PhysicalPlan> plan_;  // the one the executor runs
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<PointRead> point_read_;  // of the statement, whose plan it belongs to
  ExecContext context_;
  State state_ = State::kReady;
  SnapshotPin pin_;
  PortalImpl* next_open_ = nullptr;  // in the session's list
  PortalImpl* previous_open_ = nullptr;
  bool is_open_ = false;
  bool holds_snapshot_ = false;
  std::vector<std::optional<RowId>> last_row_ids_;

  const Batch* batch_ = nullptr;  // partly handed out
  uint32_t batch_at_ = 0;
  Batch slice_;

  MaterializedRows made_;  // of utility statements
  size_t made_at_ = 0;
  Batch made_batch_;
  std::shared_ptr<PortalImpl> inner_;  // FETCH's cursor, EXECUTE's statement
  uint64_t fetch_rows_ = 0;            // FETCH: how many more; UINT64_MAX: all
  bool inner_is_cursor_ = false;
  /// What is left of a FETCH from a cursor that keeps its rows: made_ gets them piece by piece.
  struct KeptFetch {
    std::string cursor;
    uint64_t number = 0;  // of the cursor, lest another has come by its name
    bool forward = true;
    uint64_t left = 0;  // UINT64_MAX: all
    uint64_t fetched = 0;
  };
  KeptFetch kept_fetch_;
  Batch shown_;  // of a cursor's batch what the client sees

  std::unique_ptr<CopyTask> copy_;
  std::string tag_;
  uint64_t rows_ = 0;
};

}  // namespace oxibase
