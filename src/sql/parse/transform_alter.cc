// ALTER TABLE and its subcommands.
#include "sql/parse/transform.h"

namespace oxibase::ast {
namespace {

/// A subcommand's kind by PostgreSQL's; kUnsupported with the words in `words` if there is none.
AlterTableKind Kind(AlterTableType type, const char*& words) {
  switch (type) {
    case AT_AddColumn:
      return AlterTableKind::kAddColumn;
    case AT_ColumnDefault:
      return AlterTableKind::kColumnDefault;
    case AT_DropNotNull:
      return AlterTableKind::kDropNotNull;
    case AT_SetNotNull:
      return AlterTableKind::kSetNotNull;
    case AT_SetExpression:
      return AlterTableKind::kSetExpression;
    case AT_DropExpression:
      return AlterTableKind::kDropExpression;
    case AT_SetStatistics:
      return AlterTableKind::kSetStatistics;
    case AT_SetOptions:
      return AlterTableKind::kSetColumnOptions;
    case AT_ResetOptions:
      return AlterTableKind::kResetColumnOptions;
    case AT_SetStorage:
      return AlterTableKind::kSetStorage;
    case AT_SetCompression:
      return AlterTableKind::kSetCompression;
    case AT_DropColumn:
      return AlterTableKind::kDropColumn;
    case AT_AddConstraint:
      return AlterTableKind::kAddConstraint;
    case AT_AlterConstraint:
      return AlterTableKind::kAlterConstraint;
    case AT_ValidateConstraint:
      return AlterTableKind::kValidateConstraint;
    case AT_DropConstraint:
      return AlterTableKind::kDropConstraint;
    case AT_AlterColumnType:
      return AlterTableKind::kAlterColumnType;
    case AT_ChangeOwner:
      return AlterTableKind::kChangeOwner;
    case AT_ClusterOn:
      return AlterTableKind::kClusterOn;
    case AT_DropCluster:
      return AlterTableKind::kDropCluster;
    case AT_SetLogged:
      return AlterTableKind::kSetLogged;
    case AT_SetUnLogged:
      return AlterTableKind::kSetUnlogged;
    case AT_SetTableSpace:
      return AlterTableKind::kSetTablespace;
    case AT_SetRelOptions:
      return AlterTableKind::kSetOptions;
    case AT_ResetRelOptions:
      return AlterTableKind::kResetOptions;
    case AT_EnableTrig:
    case AT_EnableTrigAll:
    case AT_EnableTrigUser:
      return AlterTableKind::kEnableTrigger;
    case AT_DisableTrig:
    case AT_DisableTrigAll:
    case AT_DisableTrigUser:
      return AlterTableKind::kDisableTrigger;
    case AT_AddInherit:
      return AlterTableKind::kInherit;
    case AT_DropInherit:
      return AlterTableKind::kNoInherit;
    case AT_ReplicaIdentity:
      return AlterTableKind::kReplicaIdentity;
    case AT_EnableRowSecurity:
      return AlterTableKind::kEnableRowSecurity;
    case AT_DisableRowSecurity:
      return AlterTableKind::kDisableRowSecurity;
    case AT_ForceRowSecurity:
      return AlterTableKind::kForceRowSecurity;
    case AT_NoForceRowSecurity:
      return AlterTableKind::kNoForceRowSecurity;
    case AT_AddIdentity:
      return AlterTableKind::kAddIdentity;
    case AT_SetIdentity:
      return AlterTableKind::kSetIdentity;
    case AT_DropIdentity:
      return AlterTableKind::kDropIdentity;
    case AT_EnableAlwaysTrig:
    case AT_EnableReplicaTrig:
      words = "ENABLE ALWAYS or REPLICA TRIGGER";
      break;
    case AT_EnableRule:
    case AT_EnableAlwaysRule:
    case AT_EnableReplicaRule:
    case AT_DisableRule:
      words = "ENABLE or DISABLE RULE";
      break;
    case AT_AddOf:
    case AT_DropOf:
      words = "OF";
      break;
    case AT_SetAccessMethod:
      words = "SET ACCESS METHOD";
      break;
    case AT_AttachPartition:
      words = "ATTACH PARTITION";
      break;
    case AT_DetachPartition:
    case AT_DetachPartitionFinalize:
      words = "DETACH PARTITION";
      break;
    case AT_AlterColumnGenericOptions:
    case AT_GenericOptions:
      words = "OPTIONS";
      break;
    default:
      words = "this subcommand";
  }
  return AlterTableKind::kUnsupported;
}

}  // namespace

AlterTableCommand Transformer::MakeAlterCommand(const AlterTableCmd* node) {
  AlterTableCommand out;
  const char* words = "";
  out.kind = Kind(node->subtype, words);
  out.text = words;
  out.name = Text(node->name);
  out.behavior = static_cast<DropBehavior>(node->behavior);
  out.missing_ok = node->missing_ok;
  switch (out.kind) {
    case AlterTableKind::kAddColumn:
      out.column = std::make_unique<ColumnDef>(MakeColumn(Pg<::ColumnDef>(node->def)));
      break;
    case AlterTableKind::kColumnDefault:
    case AlterTableKind::kSetExpression:
      out.expr = TransformExpr(node->def);
      break;
    case AlterTableKind::kSetStatistics:
      out.integer = node->def != nullptr && IsA(node->def, Integer) ? intVal(node->def) : -1;
      if (node->name == nullptr) out.integer = node->num;
      break;
    case AlterTableKind::kSetColumnOptions:
    case AlterTableKind::kResetColumnOptions:
    case AlterTableKind::kSetOptions:
    case AlterTableKind::kResetOptions:
    case AlterTableKind::kSetIdentity:
      out.options = Options(Pg<List>(node->def));
      break;
    case AlterTableKind::kSetStorage:
    case AlterTableKind::kSetCompression:
      out.text = Text(strVal(node->def));
      break;
    case AlterTableKind::kAddConstraint:
    case AlterTableKind::kAddIdentity:
      out.constraint = std::make_unique<Constraint>(MakeConstraint(Pg<::Constraint>(node->def)));
      break;
    case AlterTableKind::kAlterConstraint: {
      const ATAlterConstraint* change = Pg<ATAlterConstraint>(node->def);
      out.constraint = std::make_unique<Constraint>();
      out.name = out.constraint->name = Text(change->conname);
      out.constraint->deferrable = change->deferrable;
      out.constraint->initially_deferred = change->initdeferred;
      out.constraint->enforced = change->is_enforced;
      if (change->alterEnforceability || change->alterInheritability) {
        Refuse("altering a constraint's enforcement or inheritance", -1);
      }
      break;
    }
    case AlterTableKind::kAlterColumnType: {
      const ::ColumnDef* column = Pg<::ColumnDef>(node->def);
      out.column = std::make_unique<ColumnDef>(MakeColumn(column));
      out.expr = TransformExpr(column->raw_default);
      break;
    }
    case AlterTableKind::kChangeOwner:
      out.text = Role(node->newowner);
      break;
    case AlterTableKind::kReplicaIdentity: {
      const ReplicaIdentityStmt* identity = Pg<ReplicaIdentityStmt>(node->def);
      out.text = std::string(1, identity->identity_type);
      out.name = Text(identity->name);
      break;
    }
    case AlterTableKind::kEnableTrigger:
    case AlterTableKind::kDisableTrigger:
      out.text = node->subtype == AT_EnableTrigUser || node->subtype == AT_DisableTrigUser ? "user"
                 : node->name == nullptr                                                   ? "all"
                                                                                           : "";
      break;
    default:
      break;
  }
  return out;
}

StatementPtr Transformer::MakeAlterTable(const ::AlterTableStmt* node) {
  auto out = std::make_unique<AlterTableStmt>();
  out->object_type = Object(node->objtype);
  Fill(node->relation, out->table);
  out->missing_ok = node->missing_ok;
  ListCell* cell;
  foreach (cell, node->cmds) {
    const Node* command = static_cast<const Node*>(lfirst(cell));
    if (!IsA(command, AlterTableCmd)) return Refuse("this form of ALTER TABLE", -1);
    out->commands.push_back(MakeAlterCommand(Pg<AlterTableCmd>(command)));
  }
  return out;
}

}  // namespace oxibase::ast
