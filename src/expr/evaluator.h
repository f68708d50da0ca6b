#pragma once

#include <cstdint>
#include <memory>

#include "common/status.h"
#include "common/vector.h"
#include "expr/eval_context.h"
#include "expr/expression.h"

namespace oxibase {

/// An expression compiled to a small program of typed kernels, with its own scratch vectors. The
/// Expr must outlive it. Not thread-safe: one per
/// operator and thread. Running it again allocates nothing unless values need more room.
class Evaluator {
 public:
  /// Columns in `expr` are positions in the input batches.
  static Result<Evaluator> Compile(const Expr& expr);
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) noexcept;
  ~Evaluator();

  /// The value for each row of `input`. The vector belongs to the evaluator or to `input`, and is
  /// valid until the next call here or until `input` changes.
  Result<const Vector*> Evaluate(EvalContext& context, const Batch& input);

  /// For boolean expressions: the positions of the rows where it is true, in order, into `sel`
  /// (room for input.size). AND evaluates each operand on what the ones before left.
  Result<uint32_t> Select(EvalContext& context, const Batch& input, uint32_t* sel);

  /// One value, without a row: the expression holds no column.
  Result<Value> EvaluateScalar(EvalContext& context);

  Type type() const;

 private:
  struct Impl;
  explicit Evaluator(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace oxibase
