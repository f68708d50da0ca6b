#pragma once
// The kernels behind the casts; only cast*.cc include it.

#include "expr/cast.h"
#include "expr/function.h"

namespace oxibase {

/// Kernel of one of pg_cast's functions; null if the pair is not one of them.
Kernel FindNumberCast(TypeId from, TypeId to);
Kernel FindDateTimeCast(TypeId from, TypeId to);
Kernel FindTextCast(TypeId from, TypeId to);

/// The bytes stay: `out` borrows the argument.
Status RelabelKernel(EvalContext& context, CallSite& site, std::span<const Vector* const> args,
                     uint32_t rows, Vector& out);
/// Prints the argument by its type's output function and reads it by the result's input function.
Status InOutKernel(EvalContext& context, CallSite& site, std::span<const Vector* const> args,
                   uint32_t rows, Vector& out);
/// Casts each element; the array keeps its shape.
Status ArrayCastKernel(EvalContext& context, CallSite& site, std::span<const Vector* const> args,
                       uint32_t rows, Vector& out);

/// Kernel that makes values fit the modifier of `site.result`; null if the type has none.
Kernel FindTypmodKernel(TypeId type, bool is_explicit);

}  // namespace oxibase
