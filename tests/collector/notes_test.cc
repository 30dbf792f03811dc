#include "collector/notes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/collector/cells_world.h"
#include "tests/collector/memory_store.h"

namespace sightline {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class NotesTest : public testing::Test {
 protected:
  static v1::CreateAnnotationRequest Note() {
    v1::CreateAnnotationRequest request;
    v1::Annotation& note = *request.mutable_annotation();
    note.set_country("CN");
    note.set_target_id("whatsapp");
    note.set_text("removed from the App Store");
    note.set_url("https://example.com/news?id=1");
    *note.mutable_time() = ToProto(CellTime(4));
    return request;
  }
  std::string Refused(const v1::CreateAnnotationRequest& request) {
    const auto note = CreateAnnotation(store_, plan_, request, CellTime(9));
    EXPECT_FALSE(note.ok());
    EXPECT_THAT(*store_.ReadAnnotations("CN"), IsEmpty());
    return std::string(note.status().message());
  }

  MemoryStore store_;
  const v1::Plan plan_ = TestPlan();
};

TEST_F(NotesTest, ANoteIsListedByItsTimeAndTarget) {
  v1::CreateAnnotationRequest request = Note();
  request.mutable_annotation()->set_source(v1::ANNOTATION_SOURCE_STOREFRONT);
  const auto first = CreateAnnotation(store_, plan_, request, CellTime(9));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->source(), v1::ANNOTATION_SOURCE_OPERATOR) << "nobody else writes this way";
  EXPECT_EQ(FromProto(first->create_time()), CellTime(9));
  EXPECT_THAT(first->annotation_id(), testing::StartsWith("20240406-"));
  request.mutable_annotation()->clear_target_id();
  *request.mutable_annotation()->mutable_time() = ToProto(CellTime(2));
  ASSERT_TRUE(CreateAnnotation(store_, plan_, request, CellTime(9)).ok());
  v1::ListAnnotationsRequest list;
  list.set_country("CN");
  list.set_page_size(1);
  auto page = ListAnnotations(store_, plan_, list);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(FromProto(page->annotations(0).time()), CellTime(2));
  list.set_page_token(page->next_page_token());
  page = ListAnnotations(store_, plan_, list);
  EXPECT_EQ(page->annotations(0).annotation_id(), first->annotation_id());
  EXPECT_EQ(page->next_page_token(), "");
  list.Clear();
  list.set_country("CN");
  list.add_target_ids("signal");
  EXPECT_EQ(ListAnnotations(store_, plan_, list)->annotations_size(), 1) << "that on all targets";
  list.clear_target_ids();
  *list.mutable_start_time() = ToProto(CellTime(3));
  EXPECT_EQ(ListAnnotations(store_, plan_, list)->annotations_size(), 1);
  *list.mutable_end_time() = ToProto(CellTime(4));
  EXPECT_EQ(ListAnnotations(store_, plan_, list)->annotations_size(), 0);
}

TEST_F(NotesTest, WhatIsWrongIsNamed) {
  const auto with = [](auto change) {
    v1::CreateAnnotationRequest request = Note();
    change(*request.mutable_annotation());
    return request;
  };
  EXPECT_THAT(Refused(with([](auto& n) { n.set_country("XX"); })), HasSubstr("country"));
  EXPECT_THAT(Refused(with([](auto& n) { n.set_target_id("tg"); })),
              HasSubstr("annotation.target_id: the plan has no target \"tg\""));
  EXPECT_THAT(Refused(with([](auto& n) { n.clear_time(); })), HasSubstr("annotation.time"));
  EXPECT_THAT(Refused(with([](auto& n) { n.mutable_time()->set_nanos(-1); })),
              HasSubstr("annotation.time: must be in the years"));
  EXPECT_THAT(Refused(with([](auto& n) { n.set_text("  "); })), HasSubstr("annotation.text"));
  EXPECT_THAT(Refused(with([](auto& n) { n.set_text("two\nlines"); })),
              HasSubstr("annotation.text: must be one line"));
  EXPECT_THAT(Refused(with([](auto& n) { n.set_text(std::string(501, 'x')); })),
              HasSubstr("has 501 characters"));
  EXPECT_THAT(Refused(with([](auto& n) { n.set_url("javascript:alert(1)"); })),
              HasSubstr("annotation.url"));
  EXPECT_THAT(Refused(with([](auto& n) { n.set_url("https://x/\"onload"); })),
              HasSubstr("annotation.url"));
  std::string chinese;
  for (int i = 0; i < 500; ++i) chinese += "好";
  EXPECT_TRUE(
      CreateAnnotation(store_, plan_, with([&](auto& n) { n.set_text(chinese); }), CellTime(9))
          .ok());
}

}  // namespace
}  // namespace sightline
