#pragma once
// The function table: every scalar function, operator, cast, aggregate, window and table function,
// with PostgreSQL's names and semantics. One owner: entries are registered in expr/functions/*.cc.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/arena.h"
#include "common/status.h"
#include "common/types.h"
#include "common/vector.h"

namespace oxibase {

struct EvalContext;
struct Function;

/// What a kernel may know of the call it serves.
struct CallSite {
  const Function* function = nullptr;
  Type result;                  // with the call's type modifier
  std::vector<Type> arg_types;  // actual ones: what polymorphic functions go by
  /// Room for something derived from constant arguments (a compiled pattern), made on first use.
  std::shared_ptr<void> memo;
};

/// Computes `rows` results into `out`, which the kernel resets first (`out.ResetFlat(rows)`).
/// Arguments may be of any vector kind: read them through `view()`. A strict function sees rows
/// with NULL arguments too and must give NULL for them (the templates of expr/kernels.h do). When
/// all arguments are constant the evaluator calls with rows == 1 and marks the result constant.
using Kernel = Status (*)(EvalContext& context, CallSite& site, std::span<const Vector* const> args,
                          uint32_t rows, Vector& out);

/// For boolean functions, beside the kernel: the rows where the result is true, without a vector of
/// booleans. Looks at rows sel[0..rows) of the arguments (null: 0..rows), and writes those that
/// pass, in order, to `out`, which may be `sel` itself; `count` says how many.
using SelectKernel = Status (*)(EvalContext& context, CallSite& site,
                                std::span<const Vector* const> args, const uint32_t* sel,
                                uint32_t rows, uint32_t* out, uint32_t* count);

/// An aggregate's state machine over raw memory of `state_bytes` (aligned to 16, zeroed before
/// `init`). States may keep further memory in `arena`, which outlives them.
struct AggregateImpl {
  size_t state_bytes;
  void (*init)(std::byte* state);  // null: zeroed memory is right
  /// Adds row i of `args` to `states[i]`. Rows with NULLs are the function's own affair.
  Status (*update)(EvalContext& context, CallSite& site, std::span<const Vector* const> args,
                   uint32_t rows, std::byte* const* states, Arena& arena);
  /// The same with one state for all rows: null means calling `update`.
  Status (*update_one)(EvalContext& context, CallSite& site, std::span<const Vector* const> args,
                       uint32_t rows, std::byte* state, Arena& arena);
  /// Adds `from` to `into`; null if partial results cannot be combined.
  Status (*combine)(CallSite& site, std::byte* into, const std::byte* from, Arena& arena);
  /// Writes the results of `count` states to out[0..count), which the function resets.
  Status (*finalize)(EvalContext& context, CallSite& site, std::byte* const* states, uint32_t count,
                     Vector& out);
  /// Takes the rows `update` added back out, for moving window frames; null if impossible.
  Status (*retract)(EvalContext& context, CallSite& site, std::span<const Vector* const> args,
                    uint32_t rows, std::byte* state);
  /// Frees what a state owns outside `arena`; null: nothing.
  void (*destroy)(std::byte* state);
};

/// The rows of one call of a set-returning function.
class TableFunctionState {
 public:
  virtual ~TableFunctionState() = default;
  /// Up to kVectorSize further rows into `out` (columns as declared); 0 rows is the end.
  virtual Status Next(EvalContext& context, Batch& out) = 0;
};
using TableFunctionOpen = Result<std::unique_ptr<TableFunctionState>> (*)(
    EvalContext& context, CallSite& site, std::span<const Value> args);

enum class FunctionKind : uint8_t { kScalar, kAggregate, kWindow, kTable };
enum class Volatility : char { kImmutable = 'i', kStable = 's', kVolatile = 'v' };

enum class WindowFunctionId : uint8_t {
  kNone,
  kRowNumber,
  kRank,
  kDenseRank,
  kPercentRank,
  kCumeDist,
  kNtile,
  kLag,
  kLead,
  kFirstValue,
  kLastValue,
  kNthValue,
};

struct OutColumn {
  std::string_view name;
  TypeId type;  // may be polymorphic
};

struct Function {
  Oid oid = 0;            // PostgreSQL's where known
  std::string_view name;  // "lower", or an operator's: "+", "~~*"
  FunctionKind kind = FunctionKind::kScalar;
  bool is_operator = false;  // unary prefix if one argument
  std::vector<TypeId> args;
  TypeId result = TypeId::kInvalid;
  /// The last argument is an array type that takes any number of elements; if it is kAny, any
  /// number of arguments of any types, which the kernel sees as they are.
  bool variadic = false;
  /// The last so many arguments may be left out; their defaults are the kernel's affair, which then
  /// sees fewer arguments.
  uint8_t optional_args = 0;
  bool strict = true;
  Volatility volatility = Volatility::kImmutable;
  Kernel kernel = nullptr;
  SelectKernel select = nullptr;  // may be null
  const AggregateImpl* aggregate = nullptr;
  bool ordered_set = false;  // percentile_cont ... WITHIN GROUP
  TableFunctionOpen open = nullptr;
  std::vector<OutColumn> out_columns;  // of table functions; empty: one column named like it
  WindowFunctionId window = WindowFunctionId::kNone;
  /// Comparison operators: the operator with swapped operands, and the negated one ("" if none).
  std::string_view commutator, negator;
  /// Of operators: the oid of the function behind, as in pg_operator.oprcode.
  Oid implementation = 0;
  /// Names of the arguments, comma-separated, where calls may use them: make_interval(days => 1).
  std::string_view arg_names;
};

/// All entries; immutable after start-up, any thread.
class FunctionTable {
 public:
  static const FunctionTable& Get();

  /// Candidates for a name; `is_operator` chooses the name space. Empty if none.
  std::span<const Function* const> Find(std::string_view name, bool is_operator) const;
  /// An exact overload, or null.
  const Function* FindExact(std::string_view name, bool is_operator,
                            std::span<const TypeId> args) const;
  std::span<const Function* const> all() const;

 private:
  FunctionTable();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oxibase
