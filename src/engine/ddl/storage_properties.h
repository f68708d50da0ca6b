#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/catalog_version.h"
#include "engine/ddl/ddl_host.h"
#include "sql/parse/ast_ddl.h"

namespace oxibase::ddl {

/// What statements said of how a relation or column is to be stored and that has no effect here:
/// UNLOGGED, fillfactor, STATISTICS, REPLICA IDENTITY, a column's collation (all sort by bytes)...
/// Kept as text beside the comments, so that the catalog can tell it as PostgreSQL does.
class StorageProperties {
 public:
  static constexpr char kClassKind = 's';  // of CommentDef

  /// Names. An option of WITH (...) is kept as "option.fillfactor".
  static constexpr std::string_view kPersistence = "persistence";           // "u": unlogged
  static constexpr std::string_view kReplicaIdentity = "replica_identity";  // "d", "n", "f", "i"
  static constexpr std::string_view kIdentityIndex = "identity_index";      // an oid
  static constexpr std::string_view kClusteredOn = "clustered_on";          // an oid
  static constexpr std::string_view kCollation = "collation";               // an oid
  static constexpr std::string_view kStatistics = "statistics";
  static constexpr std::string_view kStorage = "storage";          // pg_attribute's letter
  static constexpr std::string_view kCompression = "compression";  // pg_attribute's letter

  /// Of a relation (`sub` 0), a table's column (its id) or an index's (its position from 1).
  static StorageProperties Of(const CatalogVersion& catalog, Oid object, int16_t sub = 0);

  /// Empty if nothing was said.
  std::string_view Get(std::string_view name) const;
  /// 0 if nothing was said.
  int64_t Number(std::string_view name) const;
  /// An empty value takes it away.
  void Set(std::string_view name, std::string_view value);
  void SetOptions(const ast::OptionList& options);
  void ResetOptions(const ast::OptionList& options);
  /// "fillfactor=70" each, as in reloptions.
  std::vector<std::string> Options() const;

  bool empty() const { return entries_.empty(); }
  Status Put(DdlHost& host, Oid object, int16_t sub = 0) const;

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

/// Reads, changes and puts back.
template <typename Change>
Status ChangeProperties(DdlHost& host, Oid object, int16_t sub, const Change& change) {
  StorageProperties properties = StorageProperties::Of(*host.catalog(), object, sub);
  change(properties);
  return properties.Put(host, object, sub);
}
/// The same for one of them.
Status SetProperty(DdlHost& host, Oid object, int16_t sub, std::string_view name,
                   std::string_view value);

/// What CREATE said of a new relation.
Status PutTableProperties(DdlHost& host, Oid relation, bool unlogged,
                          const ast::OptionList& options);

/// The collation that COLLATE names, 0 for the default one: 42704, 42804 (a type without).
Result<Oid> CollationNamed(const ast::QualifiedName& collation, Type type);
/// The collation's name.
std::string_view CollationName(Oid collation);

/// 22023 for what views do not have.
Status CheckViewOptions(const ast::OptionList& options);
/// STORAGE and COMPRESSION as pg_attribute's letters: 22023, 0A000 (not of this type).
Result<char> StorageLetter(const std::string& name, Type type);
Result<std::string> CompressionLetter(const std::string& name, Type type);

}  // namespace oxibase::ddl
