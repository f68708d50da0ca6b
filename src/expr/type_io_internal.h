#pragma once
// What type_io*.cc share.

#include <string>
#include <string_view>

#include "expr/type_io.h"

namespace oxibase {

/// A value that has been read, before it is stored: fixed-width types in `fixed`, others as
/// `bytes`, which point to the input or to `owned`.
struct ReadValue {
  alignas(8) unsigned char fixed[16] = {};
  std::string owned;
  std::string_view bytes;

  template <typename T>
  void Set(T value) {
    static_assert(sizeof(T) <= sizeof fixed);
    std::memcpy(fixed, &value, sizeof value);
  }
  void Own(std::string text) {
    owned = std::move(text);
    bytes = owned;
  }
};

Status ReadText(Type type, std::string_view text, const TypeIo& io, ReadValue* out);
Status ReadBinary(Type type, std::string_view bytes, const TypeIo& io, ReadValue* out);

/// One value by its bytes, as they lie in a vector.
void WriteText(TypeId type, std::string_view bytes, const TypeIo& io, std::string* out);
Status WriteBinary(TypeId type, std::string_view bytes, const TypeIo& io, std::string* out);

Status ReadArrayText(Type type, std::string_view text, const TypeIo& io, ReadValue* out);
void WriteArrayText(std::string_view bytes, const TypeIo& io, std::string* out);
void WriteRecordText(std::string_view bytes, const TypeIo& io, std::string* out);

/// Makes the bytes of a string type fit varchar(n), char(n) or name. May fill `out->owned`.
Status FitString(Type type, bool is_explicit, ReadValue* out);

/// 'r' for regclass and so on, 0 for types that name nothing.
char CatalogKindOf(TypeId type);

}  // namespace oxibase
