// CREATE SEQUENCE and ALTER SEQUENCE.
#include "engine/ddl/ddl_names.h"
#include "engine/ddl/sequence_options.h"
#include "engine/ddl/statements.h"
#include "engine/ddl/storage_properties.h"

namespace oxibase::ddl {

Result<std::string> CreateSequence(DdlHost& host, const ast::CreateSequenceStmt& statement) {
  const bool temporary = statement.persistence == ast::RangeVar::Persistence::kTemporary;
  ASSIGN_OR_RETURN(const NewRelation place,
                   PlaceRelation(host, statement.name, temporary, statement.if_not_exists));
  if (place.exists) return std::string("CREATE SEQUENCE");
  SequenceDef sequence;
  sequence.oid = host.NewOid();
  sequence.schema = place.schema;
  sequence.name = statement.name.name;
  sequence.temporary = temporary;
  ASSIGN_OR_RETURN(const SequenceChange change,
                   ApplySequenceOptions(host, statement.options, /*is_new=*/true,
                                        /*for_identity=*/false, sequence));
  sequence.owned_by_table = change.owner_table;
  sequence.owned_by_column = change.owner_column;
  const Oid oid = sequence.oid;
  RETURN_IF_ERROR(host.PutSequence(std::move(sequence)));
  RETURN_IF_ERROR(PutTableProperties(
      host, oid, statement.persistence == ast::RangeVar::Persistence::kUnlogged, {}));
  if (change.restart) RETURN_IF_ERROR(host.RestartSequence(oid, *change.restart));
  return std::string("CREATE SEQUENCE");
}

Result<std::string> AlterSequence(DdlHost& host, const ast::AlterSequenceStmt& statement) {
  ASSIGN_OR_RETURN(const Relation found, FindRelation(host, statement.name, statement.missing_ok));
  if (!found) {
    if (!statement.missing_ok) {
      return Error(ErrorCode::kUndefinedTable, "relation \"{}\" does not exist",
                   statement.name.ToString())
          .At(statement.name.location);
    }
    Notice(host,
           fmt::format("relation \"{}\" does not exist, skipping", statement.name.ToString()));
    return std::string("ALTER SEQUENCE");
  }
  if (found.kind != ObjectKind::kSequence) {
    return Error(ErrorCode::kWrongObjectType, "\"{}\" is not a sequence", statement.name.name)
        .At(statement.name.location);
  }
  SequenceDef sequence = *found.sequence;
  ASSIGN_OR_RETURN(const SequenceChange change,
                   ApplySequenceOptions(host, statement.options, /*is_new=*/false,
                                        /*for_identity=*/false, sequence));
  if (change.owned_by) {
    // An identity column's sequence stays with it.
    if (const auto owner = host.catalog()->TableByOid(found.sequence->owned_by_table)) {
      const ColumnDef* column = owner->FindColumn(found.sequence->owned_by_column);
      if (column != nullptr && column->identity != 0 && column->owned_sequence == sequence.oid) {
        return Error(ErrorCode::kFeatureNotSupported,
                     "cannot change ownership of identity sequence")
            .Detail(fmt::format("Sequence \"{}\" is linked to table \"{}\".", sequence.name,
                                owner->name));
      }
    }
    sequence.owned_by_table = change.owner_table;
    sequence.owned_by_column = change.owner_column;
  }
  const Oid oid = sequence.oid;
  RETURN_IF_ERROR(host.PutSequence(std::move(sequence)));
  if (change.restart) RETURN_IF_ERROR(host.RestartSequence(oid, *change.restart));
  return std::string("ALTER SEQUENCE");
}

}  // namespace oxibase::ddl
