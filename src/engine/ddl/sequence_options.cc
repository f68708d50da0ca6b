#include "engine/ddl/sequence_options.h"

#include <charconv>
#include <limits>
#include <set>

#include "engine/ddl/ddl_names.h"

namespace oxibase::ddl {
namespace {

Result<int64_t> IntegerOf(const ast::Option& option) {
  int64_t value = 0;
  const char* begin = option.text.data();
  const char* end = begin + option.text.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error == std::errc() && stop == end) return value;
  if (error == std::errc::result_out_of_range) {
    return Error(ErrorCode::kNumericValueOutOfRange, "value \"{}\" is out of range for type bigint",
                 option.text)
        .At(option.location);
  }
  return Error(ErrorCode::kSyntaxError, "{} requires a numeric value", option.name)
      .At(option.location);
}

int64_t LowestOf(TypeId type) {
  return type == TypeId::kInt2   ? std::numeric_limits<int16_t>::min()
         : type == TypeId::kInt4 ? std::numeric_limits<int32_t>::min()
                                 : std::numeric_limits<int64_t>::min();
}
int64_t HighestOf(TypeId type) {
  return type == TypeId::kInt2   ? std::numeric_limits<int16_t>::max()
         : type == TypeId::kInt4 ? std::numeric_limits<int32_t>::max()
                                 : std::numeric_limits<int64_t>::max();
}

Status OwnedBy(DdlHost& host, const ast::Option& option, const SequenceDef& sequence,
               SequenceChange& change) {
  change.owned_by = true;
  if (option.list.size() == 1) {
    if (option.list[0] == "none") return {};
    return Error(ErrorCode::kSyntaxError, "invalid OWNED BY option")
        .Hint("Specify OWNED BY table.column or OWNED BY NONE.");
  }
  ast::QualifiedName name;
  name.location = option.location;
  const size_t parts = option.list.size();
  name.name = option.list[parts - 2];
  if (parts > 2) name.schema = option.list[parts - 3];
  ASSIGN_OR_RETURN(const Relation relation, GetRelation(host, name));
  if (relation.kind != ObjectKind::kTable) {
    return Error(ErrorCode::kWrongObjectType, "sequence cannot be owned by relation \"{}\"",
                 name.name);
  }
  if (relation.table->schema != sequence.schema) {
    return Error(ErrorCode::kObjectNotInPrerequisiteState,
                 "sequence must be in same schema as table it is linked to");
  }
  const ColumnDef* column = relation.table->FindColumn(option.list[parts - 1]);
  if (column == nullptr) return UndefinedColumn(option.list[parts - 1], relation.table->name);
  change.owner_table = relation.table->oid;
  change.owner_column = column->id;
  return {};
}

}  // namespace

Result<SequenceChange> ApplySequenceOptions(DdlHost& host, const ast::OptionList& options,
                                            bool is_new, bool for_identity, SequenceDef& sequence) {
  SequenceChange change;
  std::set<std::string> seen;
  const ast::Option* start = nullptr;
  const ast::Option* min = nullptr;
  const ast::Option* max = nullptr;
  const ast::Option* type = nullptr;
  const ast::Option* owned_by = nullptr;
  bool restart = false;
  const ast::Option* restart_with = nullptr;
  for (const ast::Option& option : options) {
    if (!seen.insert(option.name).second) {
      return Error(ErrorCode::kSyntaxError, "conflicting or redundant options").At(option.location);
    }
    if (option.name == "as") {
      if (for_identity) {
        return Error(ErrorCode::kSyntaxError, "identity column type cannot be specified")
            .At(option.location);
      }
      type = &option;
    } else if (option.name == "increment") {
      ASSIGN_OR_RETURN(sequence.increment, IntegerOf(option));
      if (sequence.increment == 0) {
        return Error(ErrorCode::kInvalidParameterValue, "INCREMENT must not be zero");
      }
    } else if (option.name == "start") {
      start = &option;
    } else if (option.name == "restart") {
      restart = true;
      if (option.value_kind != ast::Option::ValueKind::kNone) restart_with = &option;
    } else if (option.name == "minvalue") {
      min = &option;
    } else if (option.name == "maxvalue") {
      max = &option;
    } else if (option.name == "cache") {
      ASSIGN_OR_RETURN(sequence.cache, IntegerOf(option));
      if (sequence.cache <= 0) {
        return Error(ErrorCode::kInvalidParameterValue, "CACHE ({}) must be greater than zero",
                     sequence.cache);
      }
    } else if (option.name == "cycle") {
      sequence.cycle = option.boolean;
    } else if (option.name == "owned_by") {
      owned_by = &option;
    } else if (option.name == "sequence_name" && for_identity) {
      continue;
    } else {
      return Error(ErrorCode::kSyntaxError, "invalid sequence option {}", option.name)
          .At(option.location);
    }
  }

  bool reset_max = is_new, reset_min = is_new;
  if (type != nullptr && type->type != nullptr) {
    const auto catalog = host.catalog();
    BindContext context = MakeBindContext(host, *catalog);
    ASSIGN_OR_RETURN(const Type resolved, ResolveTypeName(*type->type, context));
    if (resolved.id != TypeId::kInt2 && resolved.id != TypeId::kInt4 &&
        resolved.id != TypeId::kInt8) {
      return Error(ErrorCode::kInvalidParameterValue,
                   "sequence type must be smallint, integer, or bigint");
    }
    // A limit that was the old type's own follows the new type.
    if (!is_new) {
      reset_max = sequence.max_value == HighestOf(sequence.type);
      reset_min = sequence.min_value == LowestOf(sequence.type);
    }
    sequence.type = resolved.id;
  }
  if (max != nullptr && max->value_kind != ast::Option::ValueKind::kNone) {
    ASSIGN_OR_RETURN(sequence.max_value, IntegerOf(*max));
  } else if (max != nullptr || reset_max) {
    sequence.max_value = sequence.increment > 0 ? HighestOf(sequence.type) : -1;
  }
  if (min != nullptr && min->value_kind != ast::Option::ValueKind::kNone) {
    ASSIGN_OR_RETURN(sequence.min_value, IntegerOf(*min));
  } else if (min != nullptr || reset_min) {
    sequence.min_value = sequence.increment > 0 ? 1 : LowestOf(sequence.type);
  }
  if (sequence.max_value > HighestOf(sequence.type) ||
      sequence.max_value < LowestOf(sequence.type)) {
    return Error(ErrorCode::kInvalidParameterValue,
                 "MAXVALUE ({}) is out of range for sequence data type {}", sequence.max_value,
                 FormatType(sequence.type));
  }
  if (sequence.min_value > HighestOf(sequence.type) ||
      sequence.min_value < LowestOf(sequence.type)) {
    return Error(ErrorCode::kInvalidParameterValue,
                 "MINVALUE ({}) is out of range for sequence data type {}", sequence.min_value,
                 FormatType(sequence.type));
  }
  if (sequence.min_value >= sequence.max_value) {
    return Error(ErrorCode::kInvalidParameterValue, "MINVALUE ({}) must be less than MAXVALUE ({})",
                 sequence.min_value, sequence.max_value);
  }
  if (start != nullptr) {
    ASSIGN_OR_RETURN(sequence.start, IntegerOf(*start));
  } else if (is_new) {
    sequence.start = sequence.increment > 0 ? sequence.min_value : sequence.max_value;
  }
  auto check = [&](std::string_view what, int64_t value) -> Status {
    if (value < sequence.min_value) {
      return Error(ErrorCode::kInvalidParameterValue,
                   "{} value ({}) cannot be less than MINVALUE ({})", what, value,
                   sequence.min_value);
    }
    if (value > sequence.max_value) {
      return Error(ErrorCode::kInvalidParameterValue,
                   "{} value ({}) cannot be greater than MAXVALUE ({})", what, value,
                   sequence.max_value);
    }
    return {};
  };
  RETURN_IF_ERROR(check("START", sequence.start));
  if (restart) {
    change.restart = sequence.start;
    if (restart_with != nullptr) {
      ASSIGN_OR_RETURN(change.restart, IntegerOf(*restart_with));
    }
    RETURN_IF_ERROR(check("RESTART", *change.restart));
  }
  if (owned_by != nullptr) RETURN_IF_ERROR(OwnedBy(host, *owned_by, sequence, change));
  return change;
}

}  // namespace oxibase::ddl
