#include "engine/ddl/storage_properties.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace oxibase::ddl {
namespace {

constexpr std::string_view kOption = "option.";

constexpr Oid kCollationC = 950;
constexpr Oid kCollationPosix = 951;
constexpr Oid kCollationUcsBasic = 12340;

std::string OptionName(const ast::Option& option) {
  return std::string(kOption) + (option.name_space.empty() ? "" : option.name_space + ".") +
         option.name;
}

}  // namespace

StorageProperties StorageProperties::Of(const CatalogVersion& catalog, Oid object, int16_t sub) {
  StorageProperties out;
  const std::string* text = catalog.Comment(object, kClassKind, sub);
  if (text == nullptr) return out;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    out.entries_.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  return out;
}

std::string_view StorageProperties::Get(std::string_view name) const {
  for (const auto& [key, value] : entries_) {
    if (key == name) return value;
  }
  return {};
}

int64_t StorageProperties::Number(std::string_view name) const {
  const std::string_view text = Get(name);
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void StorageProperties::Set(std::string_view name, std::string_view value) {
  std::erase_if(entries_, [&](const auto& entry) { return entry.first == name; });
  if (!value.empty()) entries_.emplace_back(name, value);
}

void StorageProperties::SetOptions(const ast::OptionList& options) {
  for (const ast::Option& option : options) {
    std::string value = option.value_kind == ast::Option::ValueKind::kNone ? "true" : option.text;
    // One line each.
    std::replace(value.begin(), value.end(), '\n', ' ');
    Set(OptionName(option), value);
  }
}

void StorageProperties::ResetOptions(const ast::OptionList& options) {
  for (const ast::Option& option : options) Set(OptionName(option), "");
}

std::vector<std::string> StorageProperties::Options() const {
  std::vector<std::string> out;
  for (const auto& [key, value] : entries_) {
    if (!key.starts_with(kOption)) continue;
    const std::string name = key.substr(kOption.size());
    // (PostgreSQL keeps those of the TOAST table with that table.)
    if (name.find('.') == std::string::npos) out.push_back(fmt::format("{}={}", name, value));
  }
  return out;
}

Status StorageProperties::Put(DdlHost& host, Oid object, int16_t sub) const {
  std::string text;
  for (const auto& [key, value] : entries_) text += fmt::format("{}={}\n", key, value);
  return host.PutComment(
      {.object = object, .class_kind = kClassKind, .sub_id = sub, .text = std::move(text)});
}

Status SetProperty(DdlHost& host, Oid object, int16_t sub, std::string_view name,
                   std::string_view value) {
  return ChangeProperties(host, object, sub,
                          [&](StorageProperties& properties) { properties.Set(name, value); });
}

Status PutTableProperties(DdlHost& host, Oid relation, bool unlogged,
                          const ast::OptionList& options) {
  StorageProperties properties;
  if (unlogged) properties.Set(StorageProperties::kPersistence, "u");
  properties.SetOptions(options);
  return properties.empty() ? Status() : properties.Put(host, relation);
}

Status CheckViewOptions(const ast::OptionList& options) {
  for (const ast::Option& option : options) {
    if (option.name == "security_barrier" || option.name == "security_invoker") continue;
    return Error(ErrorCode::kInvalidParameterValue, "unrecognized parameter \"{}\"", option.name);
  }
  return {};
}

Result<Oid> CollationNamed(const ast::QualifiedName& collation, Type type) {
  if (collation.empty()) return Oid{0};
  const TypeId element = IsArrayType(type.id) ? ElementTypeOf(type.id) : type.id;
  if (TypeCategory(element) != 'S') {
    return Error(ErrorCode::kDatatypeMismatch, "collations are not supported by type {}",
                 FormatType(type))
        .At(collation.location);
  }
  const std::string& name = collation.name;
  if (name == "default") return Oid{0};
  if (name == "C") return kCollationC;
  if (name == "POSIX") return kCollationPosix;
  if (name == "ucs_basic") return kCollationUcsBasic;
  return Error(ErrorCode::kUndefinedObject, "collation \"{}\" for encoding \"UTF8\" does not exist",
               collation.ToString())
      .At(collation.location);
}

std::string_view CollationName(Oid collation) {
  switch (collation) {
    case kCollationC:
      return "C";
    case kCollationPosix:
      return "POSIX";
    case kCollationUcsBasic:
      return "ucs_basic";
    default:
      return "default";
  }
}

Result<char> StorageLetter(const std::string& name, Type type) {
  std::string lower = name;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const TypeInfo* info = FindType(type.id);
  const bool varies = info != nullptr && info->length == -1;
  char letter = 0;
  if (lower == "plain") letter = 'p';
  if (lower == "external") letter = 'e';
  if (lower == "extended") letter = 'x';
  if (lower == "main") letter = 'm';
  if (letter == 0) {
    return Error(ErrorCode::kInvalidParameterValue, "invalid storage type \"{}\"", name);
  }
  if (letter != 'p' && !varies) {
    return Error(ErrorCode::kFeatureNotSupported, "column data type {} can only have storage PLAIN",
                 FormatType(Type(type.id)));
  }
  return letter;
}

Result<std::string> CompressionLetter(const std::string& name, Type type) {
  if (name == "default") return std::string();
  const TypeInfo* info = FindType(type.id);
  if (info == nullptr || info->length != -1) {
    return Error(ErrorCode::kFeatureNotSupported,
                 "column data type {} does not support compression", FormatType(Type(type.id)));
  }
  if (name == "pglz") return std::string("p");
  if (name == "lz4") return std::string("l");
  return Error(ErrorCode::kInvalidParameterValue, "invalid compression method \"{}\"", name);
}

}  // namespace oxibase::ddl
