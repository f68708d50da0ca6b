#include "expr/functions/array_assign.h"

#include <algorithm>
#include <optional>

#include "expr/function_registry.h"
#include "expr/functions/array_kernels.h"
#include "expr/kernels.h"

namespace oxibase {
namespace {

/// Bounds that were left out, as array_slice has them.
constexpr int32_t kOpenLower = INT32_MIN, kOpenUpper = INT32_MAX;

/// Both ends of one dimension, inclusive.
struct Span {
  int64_t lower, upper;
};

Status WrongSubscripts() {
  return Error(ErrorCode::kArraySubscriptError, "wrong number of array subscripts");
}
Status OutOfRange() {
  return Error(ErrorCode::kArraySubscriptError, "array subscript out of range");
}

/// The positions that are written, and the bounds of the array as it will be.
struct Target {
  std::vector<Span> written;
  std::vector<ArrayDim> dims;
};

/// A one-dimensional array grows so far that the subscripts lie within; others do not.
Result<std::vector<ArrayDim>> Grow(const std::vector<ArrayDim>& dims,
                                   const std::vector<Span>& written) {
  std::vector<ArrayDim> grown = dims;
  if (dims.size() == 1) {
    const int64_t lower = std::min<int64_t>(dims[0].lower, written[0].lower);
    const int64_t upper =
        std::max<int64_t>(int64_t{dims[0].lower} + dims[0].size - 1, written[0].upper);
    if (upper - lower + 1 > kArrayElementsMax) {
      return Error(ErrorCode::kProgramLimitExceeded, "array size exceeds the maximum allowed ({})",
                   kArrayElementsMax);
    }
    grown[0] = {static_cast<int32_t>(upper - lower + 1), static_cast<int32_t>(lower)};
    return grown;
  }
  for (size_t d = 0; d < written.size(); ++d) {
    if (written[d].lower < dims[d].lower ||
        written[d].upper >= int64_t{dims[d].lower} + dims[d].size) {
      return OutOfRange();
    }
  }
  return grown;
}

Result<Target> TargetOfElement(const std::optional<ArrayView>& old, const std::vector<Span>& at) {
  Target target{at, {}};
  if (!old || old->ndim() == 0) {
    for (const Span& span : at) target.dims.push_back({1, static_cast<int32_t>(span.lower)});
    return target;
  }
  if (static_cast<size_t>(old->ndim()) != at.size()) return WrongSubscripts();
  ASSIGN_OR_RETURN(target.dims, Grow(DimsOf(*old), at));
  return target;
}

Result<Target> TargetOfSlice(const std::optional<ArrayView>& old, std::vector<Span> slice) {
  Target target;
  const bool empty = !old || old->ndim() == 0;
  if (!empty && static_cast<size_t>(old->ndim()) < slice.size()) return WrongSubscripts();
  const std::vector<ArrayDim> dims = empty ? std::vector<ArrayDim>() : DimsOf(*old);
  for (size_t d = 0; d < slice.size(); ++d) {
    const bool open = slice[d].lower == kOpenLower || slice[d].upper == kOpenUpper;
    if (open && empty) {
      return Error(ErrorCode::kArraySubscriptError,
                   "array slice subscript must provide both boundaries")
          .Detail(
              "When assigning to a slice of an empty array value, slice boundaries must be fully "
              "specified.");
    }
    if (slice[d].lower == kOpenLower) slice[d].lower = dims[d].lower;
    if (slice[d].upper == kOpenUpper) slice[d].upper = int64_t{dims[d].lower} + dims[d].size - 1;
    if (slice[d].lower > slice[d].upper) {
      return Error(ErrorCode::kArraySubscriptError, "upper bound cannot be less than lower bound");
    }
  }
  if (empty) {
    for (const Span& span : slice) {
      target.dims.push_back(
          {static_cast<int32_t>(span.upper - span.lower + 1), static_cast<int32_t>(span.lower)});
    }
    RETURN_IF_ERROR(CheckArraySize(target.dims));
  } else {
    ASSIGN_OR_RETURN(target.dims, Grow(dims, slice));
    // Dimensions without a subscript are written whole.
    for (size_t d = slice.size(); d < dims.size(); ++d) {
      slice.push_back({dims[d].lower, int64_t{dims[d].lower} + dims[d].size - 1});
    }
  }
  target.written = std::move(slice);
  return target;
}

/// Walks the new array in order; `write` adds the next written element, what lies outside comes
/// from `old` or is NULL.
template <typename Write>
void Build(const std::optional<ArrayView>& old, const Target& target, ArrayBuilder& builder,
           Write&& write) {
  const size_t count = target.dims.size();
  const std::vector<ArrayDim> before =
      old && old->ndim() > 0 ? DimsOf(*old) : std::vector<ArrayDim>();
  std::vector<int64_t> at;
  for (const ArrayDim& dim : target.dims) at.push_back(dim.lower);
  for (bool more = true; more;) {
    bool written = true, existed = !before.empty();
    uint32_t position = 0;
    for (size_t d = 0; d < count; ++d) {
      written = written && target.written[d].lower <= at[d] && at[d] <= target.written[d].upper;
      if (!existed) continue;
      const int64_t offset = at[d] - before[d].lower;
      existed = offset >= 0 && offset < before[d].size;
      position = position * static_cast<uint32_t>(before[d].size) + static_cast<uint32_t>(offset);
    }
    if (written) {
      write();
    } else if (existed) {
      AddElement(builder, *old, position);
    } else {
      builder.AddNull();
    }
    more = false;
    for (size_t d = count; d-- > 0;) {
      if (++at[d] < int64_t{target.dims[d].lower} + target.dims[d].size) {
        more = true;
        break;
      }
      at[d] = target.dims[d].lower;
    }
  }
}

/// The subscripts of one row. `pairs`: two arguments each.
Result<std::vector<Span>> Subscripts(std::span<const Vector* const> args, uint32_t row,
                                     bool pairs) {
  std::vector<Span> spans;
  const size_t step = pairs ? 2 : 1;
  for (size_t i = 1; i + step < args.size(); i += step) {
    const VectorView lower = args[i]->view(), upper = args[i + step - 1]->view();
    if (lower.IsNull(row) || upper.IsNull(row)) {
      return Error(ErrorCode::kNullValueNotAllowed,
                   "array subscript in assignment must not be null");
    }
    spans.push_back({lower.Get<int32_t>(row), upper.Get<int32_t>(row)});
  }
  return spans;
}

std::optional<ArrayView> OldArray(const VectorView& arrays, uint32_t row) {
  if (arrays.IsNull(row)) return std::nullopt;
  return ArrayView(arrays.Get<StringRef>(row).view());
}

Status Assign(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
              Vector& out) {
  out.ResetFlat(rows);
  const VectorView arrays = args[0]->view(), values = args.back()->view();
  ArrayBuilder builder(args.back()->type().id);
  for (uint32_t row = 0; row < rows; ++row) {
    const std::optional<ArrayView> old = OldArray(arrays, row);
    ASSIGN_OR_RETURN(const std::vector<Span> at, Subscripts(args, row, false));
    ASSIGN_OR_RETURN(const Target target, TargetOfElement(old, at));
    builder.Reset(args.back()->type().id);
    Build(old, target, builder, [&] {
      if (values.IsNull(row)) {
        builder.AddNull();
      } else {
        builder.AddFrom(values, row);
      }
    });
    std::string bytes;
    builder.Finish(&bytes, target.dims);
    kernels::Put(out, row, bytes);
  }
  return {};
}

Status AssignSlice(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
                   Vector& out) {
  out.ResetFlat(rows);
  const VectorView arrays = args[0]->view(), sources = args.back()->view();
  const TypeId element = ElementTypeOf(args.back()->type().id);
  ArrayBuilder builder(element);
  for (uint32_t row = 0; row < rows; ++row) {
    const std::optional<ArrayView> old = OldArray(arrays, row);
    ASSIGN_OR_RETURN(const std::vector<Span> slice, Subscripts(args, row, true));
    if (sources.IsNull(row)) {  // nothing is written
      kernels::Put(out, row,
                   old ? std::string(arrays.Get<StringRef>(row).view()) : EmptyArray(element));
      continue;
    }
    const ArrayView source(sources.Get<StringRef>(row).view());
    ASSIGN_OR_RETURN(const Target target, TargetOfSlice(old, slice));
    int64_t wanted = 1;
    for (const Span& span : target.written) wanted *= span.upper - span.lower + 1;
    if (wanted > source.size()) {
      return Error(ErrorCode::kArraySubscriptError, "source array too small");
    }
    builder.Reset(element);
    uint32_t next = 0;
    Build(old, target, builder, [&] { AddElement(builder, source, next++); });
    std::string bytes;
    builder.Finish(&bytes, target.dims);
    kernels::Put(out, row, bytes);
  }
  return {};
}

Function MakeAssign(Oid oid, std::string_view name, TypeId value, Kernel kernel,
                    size_t subscripts) {
  Function f;
  f.oid = oid;
  f.name = name;
  f.args.assign(1, TypeId::kAnyArray);
  f.args.resize(1 + subscripts, TypeId::kInt4);
  f.args.push_back(value);
  f.result = TypeId::kAnyArray;
  f.strict = false;
  f.kernel = kernel;
  return f;
}

}  // namespace

void RegisterArrayAssign(FunctionRegistry& r) {
  for (size_t n = 1; n <= static_cast<size_t>(kArrayDimsMax); ++n) {
    r.Own(MakeAssign(static_cast<Oid>(12030 + n), "array_assign", TypeId::kAnyElement, &Assign, n));
    r.Own(MakeAssign(static_cast<Oid>(12040 + n), "array_assign_slice", TypeId::kAnyArray,
                     &AssignSlice, 2 * n));
  }
}

}  // namespace oxibase
