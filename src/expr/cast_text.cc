// Casts from and to strings, and through text; relabelling.
#include <limits>

#include "expr/cast_kernels.h"
#include "expr/kernels.h"
#include "expr/type_io.h"

namespace oxibase {
namespace {

std::string_view BoolToText(bool value) { return value ? "true" : "false"; }

std::string_view BlanksStripped(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string_view TextToName(std::string_view text) {
  constexpr size_t kNameBytesMax = 63;
  if (text.size() <= kNameBytesMax) return text;
  size_t size = kNameBytesMax;
  while (size > 0 && (text[size] & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}
std::string_view BpCharToName(std::string_view text) { return BlanksStripped(TextToName(text)); }
std::string_view Same(std::string_view text) { return text; }

// "char" is one byte.
std::string CharToText(uint8_t c) { return c ? std::string(1, static_cast<char>(c)) : ""; }
uint8_t TextToChar(std::string_view text) {
  return text.empty() ? 0 : static_cast<uint8_t>(text[0]);
}
int32_t CharToInt(uint8_t c) { return static_cast<int8_t>(c); }
Result<uint8_t> IntToChar(int32_t value) {
  if (value < std::numeric_limits<int8_t>::min() || value > std::numeric_limits<int8_t>::max()) {
    return Error(ErrorCode::kNumericValueOutOfRange, "\"char\" out of range");
  }
  return static_cast<uint8_t>(value);
}

/// "char" lies in a uint8_t, as bool does.
bool IsString(TypeId type) {
  return type == TypeId::kText || type == TypeId::kVarchar || type == TypeId::kBpChar ||
         type == TypeId::kName;
}

}  // namespace

Kernel FindTextCast(TypeId from, TypeId to) {
  using T = TypeId;
  if (from == T::kBool && IsString(to)) return Strict<BoolToText>;
  if (from == T::kChar) {
    if (to == T::kInt4) return Strict<CharToInt>;
    return IsString(to) ? Strict<CharToText> : nullptr;
  }
  if (to == T::kChar) {
    if (from == T::kInt4) return Strict<IntToChar>;
    return IsString(from) ? Strict<TextToChar> : nullptr;
  }
  if (!IsString(from)) return nullptr;
  if (to == T::kRegClass) return InOutKernel;
  if (to == T::kName) return from == T::kBpChar ? Strict<BpCharToName> : Strict<TextToName>;
  if (from == T::kBpChar && IsString(to)) return Strict<BlanksStripped>;
  if (IsString(to)) return Strict<Same>;
  return nullptr;
}

Status RelabelKernel(EvalContext&, CallSite& site, std::span<const Vector* const> args, uint32_t,
                     Vector& out) {
  out.Reference(*args[0]);
  out.set_type(site.result);
  return {};
}

Status InOutKernel(EvalContext& context, CallSite& site, std::span<const Vector* const> args,
                   uint32_t rows, Vector& out) {
  out.ResetFlat(rows);
  const TypeIo io(context);
  const VectorView view = args[0]->view();
  const Type from = args[0]->type();
  const bool to_string = IsString(site.result.id) && site.result.id != TypeId::kName;
  // Unknown and C strings are their own text.
  const bool from_string = from.id == TypeId::kUnknown || from.id == TypeId::kCString ||
                           from.id == TypeId::kText || from.id == TypeId::kVarchar;
  std::string text;
  for (uint32_t row = 0; row < rows; ++row) {
    if (view.IsNull(row)) {
      kernels::PutNull(out, row);
      continue;
    }
    std::string_view printed;
    if (from_string) {
      printed = view.Get<StringRef>(row).view();
    } else {
      text.clear();
      TextOut(from, view, row, io, &text);
      printed = text;
    }
    if (to_string && site.result.typmod < 0) {
      out.data<StringRef>()[row] = out.arena().Copy(printed);
    } else {
      RETURN_IF_ERROR(TextInto(site.result, printed, io, &out, row));
    }
  }
  return {};
}

}  // namespace oxibase
