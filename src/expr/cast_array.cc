// Casts of arrays by their elements, and what makes values fit a type modifier.
#include <vector>

#include "common/array.h"
#include "common/datetime.h"
#include "common/numeric.h"
#include "expr/cast_kernels.h"
#include "expr/kernels.h"
#include "expr/type_io.h"

namespace oxibase {
namespace {

/// Applies `function` to every element of every array.
Status MapElements(EvalContext& context, const Function& function, Type from, Type to,
                   const Vector& arrays, uint32_t rows, Vector& out) {
  out.ResetFlat(rows);
  CallSite site;
  site.function = &function;
  site.result = to;
  site.arg_types = {from};
  const VectorView view = arrays.view();
  Vector elements(from);
  Vector results(to);
  ArrayBuilder builder(to.id);
  std::string bytes;
  for (uint32_t row = 0; row < rows; ++row) {
    if (view.IsNull(row)) {
      kernels::PutNull(out, row);
      continue;
    }
    const ArrayView array(view.Get<StringRef>(row).view());
    builder.Reset(to.id);
    for (uint32_t first = 0; first < array.size(); first += kVectorSize) {
      const uint32_t count = std::min(kVectorSize, array.size() - first);
      elements.ResetFlat(count);
      for (uint32_t i = 0; i < count; ++i) array.CopyElement(first + i, &elements, i);
      const Vector* const args[] = {&elements};
      RETURN_IF_ERROR(function.kernel(context, site, {args, 1}, count, results));
      const VectorView result_view = results.view();
      for (uint32_t i = 0; i < count; ++i) builder.AddFrom(result_view, i);
    }
    std::vector<ArrayDim> dims;
    for (int d = 0; d < array.ndim(); ++d) dims.push_back(array.dim(d));
    bytes.clear();
    if (dims.empty()) {
      builder.Finish(&bytes);
    } else {
      builder.Finish(&bytes, dims);
    }
    out.data<StringRef>()[row] = out.arena().Copy(std::string_view(bytes));
  }
  return {};
}

Result<Numeric> FitNumeric(Frame& frame, const Numeric& value) {
  Numeric fitted = value;
  RETURN_IF_ERROR(fitted.ApplyTypmod(frame.site.result.typmod));
  return fitted;
}
int64_t FitTime(Frame& frame, int64_t time) { return RoundTime(time, frame.site.result.typmod); }
Result<int64_t> FitTimestamp(Frame& frame, int64_t timestamp) {
  return RoundTimestamp(timestamp, frame.site.result.typmod);
}
Result<IntervalValue> FitInterval(Frame& frame, IntervalValue interval) {
  return RoundInterval(interval, frame.site.result.typmod);
}

template <bool kExplicit, bool kPadded>
Result<std::string_view> FitText(Frame& frame, std::string_view text) {
  const Type type = frame.site.result;
  if (type.typmod < 4) return text;
  const auto limit = static_cast<size_t>(type.typmod - 4);
  if (!kPadded && text.size() <= limit) return text;
  const size_t keep = Utf8Prefix(text, limit);
  if (keep < text.size()) {
    if (!kExplicit && text.substr(keep).find_first_not_of(' ') != std::string_view::npos) {
      return Error(ErrorCode::kStringDataRightTruncation, "value too long for type {}",
                   FormatType(type));
    }
    return text.substr(0, keep);
  }
  if (!kPadded) return text;
  const size_t length = Utf8Length(text);
  if (length == limit) return text;
  const size_t size = text.size() + limit - length;
  auto* bytes = reinterpret_cast<char*>(frame.arena.Allocate(size));
  std::memcpy(bytes, text.data(), text.size());
  std::memset(bytes + text.size(), ' ', limit - length);
  return std::string_view(bytes, size);
}

template <bool kExplicit>
Status FitElements(EvalContext& context, CallSite& site, std::span<const Vector* const> args,
                   uint32_t rows, Vector& out) {
  const TypeId element = ElementTypeOf(site.result.id);
  return MapElements(context, *TypmodCast(element, kExplicit), element,
                     Type(element, site.result.typmod), *args[0], rows, out);
}

}  // namespace

Status ArrayCastKernel(EvalContext& context, CallSite& site, std::span<const Vector* const> args,
                       uint32_t rows, Vector& out) {
  const TypeId from = ElementTypeOf(args[0]->type().id);
  const TypeId to = ElementTypeOf(site.result.id);
  const CastInfo* cast = FindCast(from, to);
  if (!cast) {
    return Error(ErrorCode::kCannotCoerce, "cannot cast type {} to {}", FormatType(from),
                 FormatType(to));
  }
  return MapElements(context, *cast->function, from, to, *args[0], rows, out);
}

Kernel FindTypmodKernel(TypeId type, bool is_explicit) {
  switch (type) {
    case TypeId::kNumeric:
      return Strict<FitNumeric>;
    case TypeId::kTime:
      return Strict<FitTime>;
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return Strict<FitTimestamp>;
    case TypeId::kInterval:
      return Strict<FitInterval>;
    case TypeId::kVarchar:
      return is_explicit ? Strict<FitText<true, false>> : Strict<FitText<false, false>>;
    case TypeId::kBpChar:
      return is_explicit ? Strict<FitText<true, true>> : Strict<FitText<false, true>>;
    default:
      break;
  }
  if (!IsArrayType(type)) return nullptr;
  if (!FindTypmodKernel(ElementTypeOf(type), is_explicit)) return nullptr;
  return is_explicit ? FitElements<true> : FitElements<false>;
}

}  // namespace oxibase
