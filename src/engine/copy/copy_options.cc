#include "engine/copy/copy_options.h"

#include <absl/strings/ascii.h>

namespace oxibase {
namespace {

Status Conflict(const ast::Option& option) {
  return Error(ErrorCode::kSyntaxError, "conflicting or redundant options").At(option.location);
}

Result<bool> AsBool(const ast::Option& option) {
  using Kind = ast::Option::ValueKind;
  switch (option.value_kind) {
    case Kind::kNone:
      return true;
    case Kind::kBoolean:
      return option.boolean;
    case Kind::kInteger:
      if (option.integer == 0 || option.integer == 1) return option.integer == 1;
      break;
    case Kind::kString: {
      const std::string text = absl::AsciiStrToLower(option.text);
      if (text == "true" || text == "on") return true;
      if (text == "false" || text == "off") return false;
      break;
    }
    default:
      break;
  }
  return Error(ErrorCode::kSyntaxError, "{} requires a Boolean value", option.name)
      .At(option.location);
}

Result<char> OneByte(const ast::Option& option, std::string_view what) {
  if (option.text.size() != 1) {
    return Error(ErrorCode::kFeatureNotSupported, "COPY {} must be a single one-byte character",
                 what);
  }
  return option.text[0];
}

Status AddColumns(const ast::Option& option, std::set<std::string>* columns, bool* all) {
  if (option.value_kind == ast::Option::ValueKind::kStar) {
    *all = true;
  } else if (option.value_kind == ast::Option::ValueKind::kList) {
    columns->insert(option.list.begin(), option.list.end());
  } else {
    return Error(ErrorCode::kInvalidParameterValue,
                 "argument to option \"{}\" must be a list of column names", option.name)
        .At(option.location);
  }
  return {};
}

}  // namespace

Result<CopyOptions> ReadCopyOptions(const ast::CopyStmt& statement) {
  CopyOptions result;
  using Format = CopyOptions::Format;
  std::set<std::string> seen;
  bool has_null = false, has_delimiter = false, has_quote = false, has_escape = false;
  for (const auto& option : statement.options) {
    if (!seen.insert(option.name).second) return Conflict(option);
    if (option.name == "format") {
      const std::string format = absl::AsciiStrToLower(option.text);
      if (format == "text") {
        result.format = Format::kText;
      } else if (format == "csv") {
        result.format = Format::kCsv;
      } else if (format == "binary") {
        result.format = Format::kBinary;
      } else {
        return Error(ErrorCode::kInvalidParameterValue, "COPY format \"{}\" not recognized",
                     option.text)
            .At(option.location);
      }
    } else if (option.name == "delimiter") {
      has_delimiter = true;
      ASSIGN_OR_RETURN(result.delimiter, OneByte(option, "delimiter"));
    } else if (option.name == "null") {
      has_null = true;
      result.null_text = option.text;
    } else if (option.name == "header") {
      if (absl::AsciiStrToLower(option.text) == "match") {
        result.header = result.header_match = true;
      } else {
        ASSIGN_OR_RETURN(result.header, AsBool(option));
      }
    } else if (option.name == "quote") {
      has_quote = true;
      ASSIGN_OR_RETURN(result.quote, OneByte(option, "quote"));
    } else if (option.name == "escape") {
      has_escape = true;
      ASSIGN_OR_RETURN(result.escape, OneByte(option, "escape"));
    } else if (option.name == "force_quote") {
      RETURN_IF_ERROR(AddColumns(option, &result.force_quote, &result.force_quote_all));
    } else if (option.name == "force_not_null") {
      RETURN_IF_ERROR(AddColumns(option, &result.force_not_null, &result.force_not_null_all));
    } else if (option.name == "force_null") {
      RETURN_IF_ERROR(AddColumns(option, &result.force_null, &result.force_null_all));
    } else if (option.name == "encoding") {
      std::string encoding = absl::AsciiStrToUpper(option.text);
      std::erase(encoding, '-');
      if (encoding != "UTF8") {
        return Error(ErrorCode::kFeatureNotSupported, "COPY encoding \"{}\" is not supported",
                     option.text)
            .At(option.location);
      }
    } else if (option.name == "freeze") {
      // A promise about visibility that matters to nobody: rows are as quick to read without it.
      ASSIGN_OR_RETURN([[maybe_unused]] const bool freeze, AsBool(option));
    } else if (option.name == "on_error" || option.name == "log_verbosity" ||
               option.name == "default" || option.name == "reject_limit") {
      return Error(ErrorCode::kFeatureNotSupported, "COPY option \"{}\" is not supported",
                   option.name)
          .At(option.location);
    } else {
      return Error(ErrorCode::kSyntaxError, "option \"{}\" not recognized", option.name)
          .At(option.location);
    }
  }
  const bool csv = result.format == Format::kCsv;
  const bool binary = result.format == Format::kBinary;
  const auto refuse = [](std::string_view text) {
    return Error(ErrorCode::kSyntaxError, "{}", text);
  };
  if (binary && has_delimiter) return refuse("cannot specify DELIMITER in BINARY mode");
  if (binary && has_null) return refuse("cannot specify NULL in BINARY mode");
  if (binary && result.header) return refuse("cannot specify HEADER in BINARY mode");
  if (csv && !has_delimiter) result.delimiter = ',';
  if (csv && !has_null) result.null_text = "";
  if (csv && has_quote && !has_escape) result.escape = result.quote;
  const auto unsupported = [](std::string_view text) {
    return Error(ErrorCode::kFeatureNotSupported, "{}", text);
  };
  if (!csv && has_quote) return unsupported("COPY quote available only in CSV mode");
  if (!csv && has_escape) return unsupported("COPY escape available only in CSV mode");
  const bool quotes = result.force_quote_all || !result.force_quote.empty();
  const bool not_nulls = result.force_not_null_all || !result.force_not_null.empty();
  const bool nulls = result.force_null_all || !result.force_null.empty();
  if (!csv && quotes) return unsupported("COPY force quote available only in CSV mode");
  if (statement.from && quotes) return unsupported("COPY force quote only available using COPY TO");
  if (!csv && not_nulls) return unsupported("COPY force not null available only in CSV mode");
  if (!statement.from && not_nulls) {
    return unsupported("COPY force not null only available using COPY FROM");
  }
  if (!csv && nulls) return unsupported("COPY force null available only in CSV mode");
  if (!statement.from && nulls) {
    return unsupported("COPY force null only available using COPY FROM");
  }
  if (result.header_match && !statement.from) {
    return unsupported("cannot use \"match\" with HEADER in COPY TO");
  }
  const auto bad = [](std::string_view text) {
    return Error(ErrorCode::kInvalidParameterValue, "{}", text);
  };
  if (result.delimiter == '\n' || result.delimiter == '\r') {
    return bad("COPY delimiter cannot be newline or carriage return");
  }
  if (result.null_text.find_first_of("\r\n") != std::string::npos) {
    return bad("COPY null representation cannot use newline or carriage return");
  }
  constexpr std::string_view kNotInText = "\\.abcdefghijklmnopqrstuvwxyz0123456789";
  if (result.format == Format::kText && kNotInText.find(result.delimiter) != std::string::npos) {
    return Error(ErrorCode::kInvalidParameterValue, "COPY delimiter cannot be \"{}\"",
                 result.delimiter);
  }
  if (csv && result.delimiter == result.quote) {
    return bad("COPY delimiter and quote must be different");
  }
  if (!binary && result.null_text.find(result.delimiter) != std::string::npos) {
    return bad("COPY delimiter must not appear in the NULL specification");
  }
  if (csv && result.null_text.find(result.quote) != std::string::npos) {
    return bad("CSV quote character must not appear in the NULL specification");
  }
  return result;
}

}  // namespace oxibase
