#include "common/jsonb.h"

#include <gtest/gtest.h>

#include "common/json.h"

namespace oxibase {
namespace {

std::string J(std::string_view text) { return *ParseJsonb(text); }

std::string Print(std::string_view bytes) {
  std::string out;
  AppendJsonbText(JsonbView(bytes), &out);
  return out;
}
std::string Print(const Result<std::string>& result) {
  return result.ok() ? Print(std::string_view(*result)) : std::string(SqlState(result.code()));
}

TEST(Jsonb, SortsAndDeduplicatesKeys) {
  EXPECT_EQ(Print(std::string_view(J(R"({"bb":1, "a":2, "bb":3, "c":[1.50,true,null]})"))),
            R"({"a": 2, "c": [1.50, true, null], "bb": 3})");
  const std::string object = J(R"({"k1":1,"k2":2,"k3":3,"k10":10})");
  EXPECT_EQ(JsonbView(object).Find("k10")->number().ToText(), "10");
  EXPECT_FALSE(JsonbView(object).Find("k4"));
}

TEST(Jsonb, Containment) {
  const auto contains = [](std::string_view a, std::string_view b) {
    const std::string left = J(a);
    const std::string right = J(b);
    return JsonbContains(JsonbView(left), JsonbView(right));
  };
  EXPECT_TRUE(contains(R"({"a":1,"b":{"c":[1,2]}})", R"({"b":{"c":[2]}})"));
  EXPECT_TRUE(contains("[1,2,2]", "[2,1.0]"));
  EXPECT_TRUE(contains(R"(["foo"])", R"("foo")"));
  EXPECT_FALSE(contains(R"("foo")", R"(["foo"])"));
  EXPECT_FALSE(contains("[[1]]", "[1]"));
}

TEST(Jsonb, ChangesByPath) {
  const std::string document = J(R"({"a":[1,2],"b":{"c":1}})");
  const JsonbView node(document);
  const std::string nine = J("9");
  const JsonbView value(nine);
  EXPECT_EQ(Print(JsonbSet(node, {"a", "-1"}, value, true)), R"({"a": [1, 9], "b": {"c": 1}})");
  EXPECT_EQ(Print(JsonbSet(node, {"b", "d"}, value, false)), R"({"a": [1, 2], "b": {"c": 1}})");
  EXPECT_EQ(Print(JsonbInsert(node, {"a", "0"}, value, true)),
            R"({"a": [1, 9, 2], "b": {"c": 1}})");
  EXPECT_EQ(Print(JsonbInsert(node, {"b", "c"}, value, false)), "22023");
  EXPECT_EQ(Print(JsonbSet(node, {"a", "x"}, value, true)), "22P02");
  EXPECT_EQ(Print(JsonbDeletePath(node, {"b", "c"})), R"({"a": [1, 2], "b": {}})");
  EXPECT_EQ(Print(JsonbDeleteIndex(node, 0)), "22023");
}

TEST(Json, KeepsItsText) {
  const std::string_view json = R"( {"a" : 1, "b": [1, {"c": "x\n"}], "a": 2 } )";
  EXPECT_TRUE(ValidateJson(json).ok());
  EXPECT_EQ(*JsonGet(json, "a"), "2");
  EXPECT_EQ(*JsonGetPath(json, {"b", "-1", "c"}), R"("x\n")");
  EXPECT_FALSE(JsonGet(json, int64_t{0}));
  std::string text;
  EXPECT_TRUE(*AppendJsonAsText(*JsonGetPath(json, {"b", "1", "c"}), &text));
  EXPECT_EQ(text, "x\n");
  EXPECT_EQ(*JsonStripNulls(R"({"a": null, "b": [null, 1]})"), R"({"b":[null,1]})");
}

TEST(Json, ErrorsSayWhatAndWhere) {
  const Status status = ValidateJson("{\"a\": 1,\n \"b\" 2}");
  EXPECT_EQ(status.code(), ErrorCode::kInvalidTextRepresentation);
  EXPECT_EQ(status.info().detail, "Expected \":\", but found \"2\".");
  EXPECT_EQ(status.info().context, "JSON data, line 2:  \"b\" 2...");
}

}  // namespace
}  // namespace oxibase
