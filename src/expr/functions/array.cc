// Arrays: shape, subscripts and slices, containment, building.

#include "expr/function_registry.h"
#include "expr/functions/array_assign.h"
#include "expr/functions/array_kernels.h"
#include "expr/hash.h"
#include "expr/kernels.h"

namespace oxibase {
namespace {

using OptionalInt = std::optional<int32_t>;

OptionalInt Length(ArrayView a, int32_t d) {
  if (d < 1 || d > a.ndim()) return std::nullopt;
  return a.dim(d - 1).size;
}
OptionalInt Lower(ArrayView a, int32_t d) {
  if (d < 1 || d > a.ndim()) return std::nullopt;
  return a.dim(d - 1).lower;
}
OptionalInt Upper(ArrayView a, int32_t d) {
  if (d < 1 || d > a.ndim()) return std::nullopt;
  return a.dim(d - 1).lower + a.dim(d - 1).size - 1;
}
OptionalInt Dimensions(ArrayView a) { return a.ndim() == 0 ? std::nullopt : OptionalInt(a.ndim()); }
std::optional<std::string> DimsText(ArrayView a) {
  if (a.ndim() == 0) return std::nullopt;
  std::string text;
  for (const ArrayDim& d : DimsOf(a)) text += fmt::format("[{}:{}]", d.lower, d.lower + d.size - 1);
  return text;
}
int32_t Cardinality(ArrayView a) { return static_cast<int32_t>(a.size()); }

/// array_subscript(array, i, ...): NULL outside the array, for NULL subscripts, and when there are
/// not as many as dimensions.
Status Subscript(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
                 Vector& out) {
  out.ResetFlat(rows);
  const VectorView array = args[0]->view();
  std::vector<VectorView> subscripts;
  for (size_t k = 1; k < args.size(); ++k) subscripts.push_back(args[k]->view());
  for (uint32_t row = 0; row < rows; ++row) {
    bool found = !array.IsNull(row);
    for (const VectorView& s : subscripts) found = found && !s.IsNull(row);
    if (!found) {
      kernels::PutNull(out, row);
      continue;
    }
    const ArrayView a(array.Get<StringRef>(row).view());
    found = static_cast<size_t>(a.ndim()) == subscripts.size();
    int64_t position = 0;
    for (size_t k = 0; k < subscripts.size() && found; ++k) {
      const ArrayDim dim = a.dim(static_cast<int>(k));
      const int64_t at = int64_t{subscripts[k].Get<int32_t>(row)} - dim.lower;
      found = at >= 0 && at < dim.size;
      position = position * dim.size + at;
    }
    const auto i = static_cast<uint32_t>(position);
    if (!found || a.IsNull(i)) {
      kernels::PutNull(out, row);
    } else {
      a.CopyElement(i, &out, row);
    }
  }
  return {};
}

/// array_slice(array, lower, upper, ...): INT32_MIN and INT32_MAX stand for bounds left out.
Status Slice(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
             Vector& out) {
  out.ResetFlat(rows);
  for (uint32_t row = 0; row < rows; ++row) {
    bool is_null = false;
    for (const Vector* arg : args) is_null = is_null || arg->IsNull(row);
    if (is_null) {
      kernels::PutNull(out, row);
      continue;
    }
    const VectorView array = args[0]->view();
    const ArrayView a(array.Get<StringRef>(row).view());
    std::vector<ArrayDim> dims = DimsOf(a);
    const size_t given = (args.size() - 1) / 2;
    bool empty = given > dims.size() || dims.empty();
    std::vector<int32_t> first(dims.size());
    std::vector<ArrayDim> sizes = dims;
    for (size_t k = 0; k < dims.size() && !empty; ++k) {
      int64_t low = dims[k].lower;
      int64_t high = int64_t{dims[k].lower} + dims[k].size - 1;
      if (k < given) {
        low = std::max<int64_t>(low, args[1 + 2 * k]->view().Get<int32_t>(row));
        high = std::min<int64_t>(high, args[2 + 2 * k]->view().Get<int32_t>(row));
      }
      empty = low > high;
      first[k] = static_cast<int32_t>(low - dims[k].lower);
      sizes[k] = {static_cast<int32_t>(high - low + 1), 1};
    }
    ArrayBuilder builder(a.element_type());
    std::string bytes;
    if (empty) {
      builder.Finish(&bytes);
      kernels::Put(out, row, bytes);
      continue;
    }
    std::vector<int32_t> at(dims.size());
    for (bool more = true; more;) {
      uint32_t position = 0;
      for (size_t k = 0; k < dims.size(); ++k) {
        position = position * static_cast<uint32_t>(dims[k].size) +
                   static_cast<uint32_t>(first[k] + at[k]);
      }
      AddElement(builder, a, position);
      more = false;
      for (size_t k = dims.size(); k-- > 0;) {
        if (++at[k] < sizes[k].size) {
          more = true;
          break;
        }
        at[k] = 0;
      }
    }
    builder.Finish(&bytes, sizes);
    kernels::Put(out, row, bytes);
  }
  return {};
}

bool Contains(ArrayView a, ArrayView b) {
  for (uint32_t j = 0; j < b.size(); ++j) {
    bool found = false;
    for (uint32_t i = 0; i < a.size() && !found && !b.IsNull(j); ++i) {
      found = !a.IsNull(i) && ElementsEqual(a, i, b, j);
    }
    if (!found) return false;
  }
  return true;
}
bool Overlaps(ArrayView a, ArrayView b) {
  for (uint32_t j = 0; j < b.size(); ++j) {
    for (uint32_t i = 0; i < a.size(); ++i) {
      if (!a.IsNull(i) && !b.IsNull(j) && ElementsEqual(a, i, b, j)) return true;
    }
  }
  return false;
}

std::string Finish(const ArrayBuilder& builder, int32_t lower = 1) {
  std::string bytes;
  builder.Finish(&bytes, lower);
  return bytes;
}

Status NotOneDimensional() {
  return Error(ErrorCode::kDataException, "argument must be empty or one-dimensional array");
}

/// array_append and array_prepend: a NULL array counts as an empty one.
template <bool kAppend>
Status Extend(EvalContext&, CallSite& site, std::span<const Vector* const> args, uint32_t rows,
              Vector& out) {
  out.ResetFlat(rows);
  const VectorView array = args[kAppend ? 0 : 1]->view();
  const VectorView value = args[kAppend ? 1 : 0]->view();
  const TypeId element = ElementTypeOf(site.result.id);
  ArrayBuilder builder(element);
  for (uint32_t row = 0; row < rows; ++row) {
    builder.Reset(element);
    int32_t lower = 1;
    if (!kAppend) builder.AddFrom(value, row);
    if (!array.IsNull(row)) {
      const ArrayView a(array.Get<StringRef>(row).view());
      if (a.ndim() > 1) return NotOneDimensional();
      if (a.ndim() == 1) {
        lower = a.dim(0).lower;
        // The new element's subscript must be one, though the array begins where it began.
        if (kAppend ? int64_t{lower} + a.dim(0).size > INT32_MAX : lower == INT32_MIN) {
          return Error(ErrorCode::kNumericValueOutOfRange, "integer out of range");
        }
      }
      for (uint32_t i = 0; i < a.size(); ++i) AddElement(builder, a, i);
    }
    if (kAppend) builder.AddFrom(value, row);
    kernels::Put(out, row, Finish(builder, lower));
  }
  return {};
}

Result<std::string> Concat(std::string_view x, std::string_view y) {
  const ArrayView a(x);
  const ArrayView b(y);
  if (a.ndim() == 0) return std::string(y);
  if (b.ndim() == 0) return std::string(x);
  const auto mismatch = [](int p, int q) {
    return Error(ErrorCode::kArraySubscriptError, "cannot concatenate incompatible arrays")
        .Detail(fmt::format("Arrays of {} and {} dimensions are not compatible for concatenation.",
                            p, q));
  };
  std::vector<ArrayDim> dims = DimsOf(a);
  const std::vector<ArrayDim> other = DimsOf(b);
  const auto same_tail = [](const std::vector<ArrayDim>& p, size_t from,
                            const std::vector<ArrayDim>& q, size_t q_from) {
    for (size_t k = 0; from + k < p.size(); ++k) {
      if (p[from + k].size != q[q_from + k].size) return false;
    }
    return true;
  };
  if (dims.size() == other.size()) {
    if (!same_tail(dims, 1, other, 1)) return mismatch(a.ndim(), b.ndim());
    dims[0].size += other[0].size;
  } else if (dims.size() == other.size() + 1) {
    if (!same_tail(dims, 1, other, 0)) return mismatch(a.ndim(), b.ndim());
    dims[0].size += 1;
  } else if (dims.size() + 1 == other.size()) {
    if (!same_tail(other, 1, dims, 0)) return mismatch(a.ndim(), b.ndim());
    dims = other;
    dims[0].size += 1;
  } else {
    return mismatch(a.ndim(), b.ndim());
  }
  RETURN_IF_ERROR(CheckArraySize(dims));
  ArrayBuilder builder(a.element_type());
  for (uint32_t i = 0; i < a.size(); ++i) AddElement(builder, a, i);
  for (uint32_t i = 0; i < b.size(); ++i) AddElement(builder, b, i);
  std::string bytes;
  builder.Finish(&bytes, dims);
  return bytes;
}

Status ConcatKernel(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
                    Vector& out) {
  out.ResetFlat(rows);
  const VectorView a = args[0]->view();
  const VectorView b = args[1]->view();
  for (uint32_t row = 0; row < rows; ++row) {
    if (a.IsNull(row) && b.IsNull(row)) {
      kernels::PutNull(out, row);
    } else if (a.IsNull(row) || b.IsNull(row)) {
      const VectorView& kept = a.IsNull(row) ? b : a;
      out.data<StringRef>()[row] = out.arena().Copy(kept.Get<StringRef>(row));
    } else {
      ASSIGN_OR_RETURN(const std::string bytes,
                       Concat(a.Get<StringRef>(row).view(), b.Get<StringRef>(row).view()));
      kernels::Put(out, row, bytes);
    }
  }
  return {};
}

/// Elements of a that equal (or, NULL, are NULL like) the value in row `row`.
bool Matches(const ArrayView& a, uint32_t i, const VectorView& value, uint32_t row) {
  if (value.IsNull(row) || a.IsNull(i)) return value.IsNull(row) && a.IsNull(i);
  return ElementEquals(a, i, BytesOf(a.element_physical(), value, row));
}

template <bool kReplace>
Status RemoveOrReplace(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
                       Vector& out) {
  out.ResetFlat(rows);
  const VectorView array = args[0]->view();
  const VectorView value = args[1]->view();
  for (uint32_t row = 0; row < rows; ++row) {
    if (array.IsNull(row)) {
      kernels::PutNull(out, row);
      continue;
    }
    const ArrayView a(array.Get<StringRef>(row).view());
    if (!kReplace && a.ndim() > 1) {
      return Error(ErrorCode::kFeatureNotSupported,
                   "removing elements from multidimensional arrays is not supported");
    }
    ArrayBuilder builder(a.element_type());
    for (uint32_t i = 0; i < a.size(); ++i) {
      if (!Matches(a, i, value, row)) {
        AddElement(builder, a, i);
      } else if (kReplace) {
        builder.AddFrom(args[2]->view(), row);
      }
    }
    std::string bytes;
    if (kReplace) {
      builder.Finish(&bytes, DimsOf(a));
    } else {
      builder.Finish(&bytes, a.ndim() == 1 ? a.dim(0).lower : 1);
    }
    kernels::Put(out, row, bytes);
  }
  return {};
}

template <bool kAll>
Status PositionKernel(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
                      Vector& out) {
  out.ResetFlat(rows);
  const VectorView array = args[0]->view();
  const VectorView value = args[1]->view();
  for (uint32_t row = 0; row < rows; ++row) {
    if (array.IsNull(row)) {
      kernels::PutNull(out, row);
      continue;
    }
    const ArrayView a(array.Get<StringRef>(row).view());
    if (a.ndim() > 1) {
      return Error(ErrorCode::kFeatureNotSupported,
                   "searching for elements in multidimensional arrays is not supported");
    }
    // Where nothing can be found the initial position does not matter.
    if (!kAll && (a.ndim() == 0 || (value.IsNull(row) && !a.has_nulls()))) {
      kernels::PutNull(out, row);
      continue;
    }
    const int32_t lower = a.ndim() == 1 ? a.dim(0).lower : 1;
    uint32_t start = 0;
    if (args.size() > 2) {
      if (args[2]->IsNull(row)) {
        return Error(ErrorCode::kNullValueNotAllowed, "initial position must not be null");
      }
      start = static_cast<uint32_t>(
          std::max<int64_t>(0, int64_t{args[2]->view().Get<int32_t>(row)} - lower));
    }
    ArrayBuilder positions(TypeId::kInt4);
    bool found = false;
    for (uint32_t i = start; i < a.size(); ++i) {
      if (!Matches(a, i, value, row)) continue;
      const int32_t at = lower + static_cast<int32_t>(i);
      found = true;
      if constexpr (kAll) {
        positions.Add(at);
      } else {
        out.data<int32_t>()[row] = at;
        break;
      }
    }
    if constexpr (kAll) {
      kernels::Put(out, row, Finish(positions));
    } else if (!found) {
      kernels::PutNull(out, row);
    }
  }
  return {};
}

/// array_fill(value, dimensions[, lower bounds])
Status Fill(EvalContext&, CallSite& site, std::span<const Vector* const> args, uint32_t rows,
            Vector& out) {
  out.ResetFlat(rows);
  const VectorView value = args[0]->view();
  for (uint32_t row = 0; row < rows; ++row) {
    if (args[1]->IsNull(row) || (args.size() > 2 && args[2]->IsNull(row))) {
      return Error(ErrorCode::kNullValueNotAllowed,
                   "dimension array or low bound array cannot be null");
    }
    const VectorView sizes_view = args[1]->view();
    const ArrayView sizes(sizes_view.Get<StringRef>(row).view());
    std::vector<ArrayDim> dims;
    uint64_t total = sizes.size() == 0 ? 0 : 1;
    for (uint32_t i = 0; i < sizes.size(); ++i) {
      if (sizes.IsNull(i)) {
        return Error(ErrorCode::kNullValueNotAllowed, "dimension values cannot be null");
      }
      dims.push_back({sizes.Get<int32_t>(i), 1});
      if (dims.back().size < 0) {
        return Error(ErrorCode::kProgramLimitExceeded,
                     "array size exceeds the maximum allowed ({})", kArrayElementsMax);
      }
      total *= static_cast<uint64_t>(dims.back().size);
      if (total > static_cast<uint64_t>(kArrayElementsMax)) {
        return Error(ErrorCode::kProgramLimitExceeded,
                     "array size exceeds the maximum allowed ({})", kArrayElementsMax);
      }
    }
    if (dims.size() > static_cast<size_t>(kArrayDimsMax)) {
      return Error(ErrorCode::kProgramLimitExceeded,
                   "number of dimensions ({}) exceeds the maximum allowed ({})", dims.size(),
                   kArrayDimsMax);
    }
    if (args.size() > 2) {
      const VectorView lower_view = args[2]->view();
      const ArrayView lower(lower_view.Get<StringRef>(row).view());
      if (lower.size() != dims.size()) {
        return Error(ErrorCode::kArraySubscriptError, "wrong number of array subscripts")
            .Detail("Low bound array has different size than dimensions array.");
      }
      for (uint32_t i = 0; i < lower.size(); ++i) dims[i].lower = lower.Get<int32_t>(i);
      RETURN_IF_ERROR(CheckArraySize(dims));
    }
    ArrayBuilder builder(ElementTypeOf(site.result.id));
    for (uint64_t i = 0; i < total; ++i) builder.AddFrom(value, row);
    std::string bytes;
    if (total == 0) {
      builder.Finish(&bytes);
    } else {
      builder.Finish(&bytes, dims);
    }
    kernels::Put(out, row, bytes);
  }
  return {};
}

Result<std::string> TrimEnd(ArrayView a, int32_t n) {
  const int32_t length = a.ndim() == 0 ? 0 : a.dim(0).size;
  if (n < 0 || n > length) {
    return Error(ErrorCode::kArraySubscriptError,
                 "number of elements to trim must be between 0 and {}", length);
  }
  if (a.ndim() > 1) return NotOneDimensional();
  ArrayBuilder builder(a.element_type());
  for (uint32_t i = 0; i + static_cast<uint32_t>(n) < a.size(); ++i) AddElement(builder, a, i);
  return Finish(builder);
}

Function Own(Oid oid, std::string_view name, TypeId result, Kernel kernel, size_t subscripts) {
  Function f;
  f.oid = oid;
  f.name = name;
  f.args.assign(1, TypeId::kAnyArray);
  f.args.resize(1 + subscripts, TypeId::kInt4);
  f.result = result;
  f.kernel = kernel;
  return f;
}

/// width_bucket(value, bounds): how many of the ascending bounds are not above the value.
Status BucketKernel(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
                    Vector& out) {
  out.ResetFlat(rows);
  const Type type = args[0]->type();
  const VectorView value = args[0]->view();
  const VectorView bounds = args[1]->view();
  Vector bound(type);
  for (uint32_t row = 0; row < rows; ++row) {
    if (value.IsNull(row) || bounds.IsNull(row)) {
      kernels::PutNull(out, row);
      continue;
    }
    const ArrayView a(bounds.Get<StringRef>(row).view());
    if (a.ndim() > 1) {
      return Error(ErrorCode::kArraySubscriptError, "thresholds must be one-dimensional array");
    }
    if (a.has_nulls()) {
      return Error(ErrorCode::kNullValueNotAllowed, "thresholds array must not contain NULLs");
    }
    uint32_t low = 0;
    uint32_t high = a.size();
    while (low < high) {
      const uint32_t middle = low + (high - low) / 2;
      bound.ResetFlat(1);
      a.CopyElement(middle, &bound, 0);
      if (CompareRows(type, value, row, bound.view(), 0) < 0) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    out.data<int32_t>()[row] = static_cast<int32_t>(low);
  }
  return {};
}

/// The character of a name at a place from 0; behind its end are zeros.
std::optional<char> CharacterOf(std::string_view name, int32_t place) {
  constexpr int32_t kNameBytes = 64;
  if (place < 0 || place >= kNameBytes) return std::nullopt;
  return static_cast<size_t>(place) < name.size() ? name[static_cast<size_t>(place)] : '\0';
}

}  // namespace

void RegisterArray(FunctionRegistry& r) {
  r.Scalar("array_length", &Strict<&Length>);
  r.Scalar("array_lower", &Strict<&Lower>);
  r.Scalar("array_upper", &Strict<&Upper>);
  r.Scalar("array_ndims", &Strict<&Dimensions>);
  r.Scalar("array_dims", &Strict<&DimsText>);
  r.Scalar("array_cardinality", &Strict<&Cardinality>);
  r.Scalar("arraycontains", &Strict<&Contains>);
  r.Scalar("arraycontained", StrictOf([](ArrayView a, ArrayView b) { return Contains(b, a); }));
  r.Scalar("arrayoverlap", &Strict<&Overlaps>);
  r.Scalar("array_append", &Extend<true>);
  r.Scalar("array_prepend", &Extend<false>);
  r.Scalar("array_cat", &ConcatKernel);
  r.Scalar("array_remove", &RemoveOrReplace<false>);
  r.Scalar("array_replace", &RemoveOrReplace<true>);
  r.Scalar("array_position", &PositionKernel<false>);
  r.Scalar("array_position_start", &PositionKernel<false>);
  r.Scalar("array_positions", &PositionKernel<true>);
  r.Scalar("width_bucket_array", &BucketKernel);
  r.Scalar("array_fill", &Fill);
  r.Scalar("array_fill_with_lower_bounds", &Fill);
  r.Scalar("trim_array", &Strict<&TrimEnd>);
  for (size_t n = 1; n <= static_cast<size_t>(kArrayDimsMax); ++n) {
    r.Own(Own(static_cast<Oid>(12010 + n), "array_subscript", TypeId::kAnyElement, &Subscript, n));
    r.Own(Own(static_cast<Oid>(12020 + n), "array_slice", TypeId::kAnyArray, &Slice, 2 * n));
  }
  Function of_name = Own(12060, "array_subscript", TypeId::kChar, &Strict<&CharacterOf>, 1);
  of_name.args[0] = TypeId::kName;
  r.Own(std::move(of_name));
  RegisterArrayAssign(r);
}

}  // namespace oxibase
