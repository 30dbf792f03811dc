// Changes an export as somebody would who knows the format: a value in one of its messages, or in a
// message that is held as bytes in one, a row more or less. Counts and checksums are made to fit
// again, without which hardly any input would be read past its first changed byte.

#include <google/protobuf/message.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "collector/export/export_blocks.h"
#include "sightline/internal/v1/fold.pb.h"
#include "sightline/internal/v1/history.pb.h"
#include "sightline/internal/v1/timeline.pb.h"
#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"
#include "sightline/v1/summary.pb.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace sightline {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using internal::v1::ExportBlock;

constexpr size_t kLengthBytes = 4;
// By how much a string or bytes may grow at a time.
constexpr size_t kGrowthMax = 64;

// What a field of bytes holds; nullptr when it is no message.
std::unique_ptr<Message> MessageIn(const FieldDescriptor& field) {
  const std::string& name = field.full_name();
  if (name == "sightline.v1.SignedPlan.plan") return std::make_unique<v1::Plan>();
  if (name == "sightline.internal.v1.ExportRecord.batch") return std::make_unique<v1::Batch>();
  if (name == "sightline.internal.v1.ExportVerdict.verdict") {
    return std::make_unique<v1::TargetVerdict>();
  }
  if (name == "sightline.internal.v1.ExportVerdict.cells") {
    return std::make_unique<internal::v1::Cells>();
  }
  if (name == "sightline.internal.v1.ExportEvent.event") return std::make_unique<v1::Event>();
  if (name == "sightline.internal.v1.ExportTimeline.timeline") {
    return std::make_unique<internal::v1::Timeline>();
  }
  return nullptr;
}

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  size_t Below(size_t limit) { return random_() % limit; }

  // Changes one thing in the message or in one that it holds.
  void Change(Message& message) {
    const Reflection& fields = *message.GetReflection();
    std::vector<const FieldDescriptor*> set;
    fields.ListFields(message, &set);
    const auto& all = *message.GetDescriptor();
    // Now and then one that is not set.
    const bool any = set.empty() || Below(8) == 0;
    if (any && all.field_count() == 0) return;
    const FieldDescriptor* field =
        any ? all.field(static_cast<int>(Below(static_cast<size_t>(all.field_count()))))
            : set[Below(set.size())];
    // The kind of a block stays, or its rows would be gone.
    if (any && field->containing_oneof() != nullptr && !set.empty()) field = set[0];
    if (field->is_repeated()) {
      ChangeRows(message, *field);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (Below(32) == 0) return fields.ClearField(&message, field);
      Change(*fields.MutableMessage(&message, field));
    } else {
      ChangeValue(message, *field);
    }
  }

 private:
  void ChangeRows(Message& message, const FieldDescriptor& field) {
    const Reflection& fields = *message.GetReflection();
    const int count = fields.FieldSize(message, &field);
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      if (count > 0) fields.RemoveLast(&message, &field);
      return;
    }
    if (count == 0) {
      fields.AddMessage(&message, &field);
      return;
    }
    const int row = static_cast<int>(Below(static_cast<size_t>(count)));
    switch (Below(16)) {
      case 0:
        fields.SwapElements(&message, &field, row, count - 1);
        return fields.RemoveLast(&message, &field);
      case 1:
        return fields.AddMessage(&message, &field)
            ->CopyFrom(fields.GetRepeatedMessage(message, &field, row));
      case 2:
        return fields.SwapElements(&message, &field, row, count - 1);
      default:
        return Change(*fields.MutableRepeatedMessage(&message, &field, row));
    }
  }

  void ChangeValue(Message& message, const FieldDescriptor& field) {
    const Reflection& fields = *message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return fields.SetString(&message, &field,
                                Changed(field, fields.GetString(message, &field)));
      case FieldDescriptor::CPPTYPE_BOOL:
        return fields.SetBool(&message, &field, !fields.GetBool(message, &field));
      case FieldDescriptor::CPPTYPE_ENUM:
        return fields.SetEnumValue(&message, &field, static_cast<int>(Below(10)));
      case FieldDescriptor::CPPTYPE_INT32:
        return fields.SetInt32(&message, &field, Number(fields.GetInt32(message, &field)));
      case FieldDescriptor::CPPTYPE_UINT32:
        return fields.SetUInt32(&message, &field, Number(fields.GetUInt32(message, &field)));
      case FieldDescriptor::CPPTYPE_INT64:
        return fields.SetInt64(&message, &field, Number(fields.GetInt64(message, &field)));
      case FieldDescriptor::CPPTYPE_UINT64:
        return fields.SetUInt64(&message, &field, Number(fields.GetUInt64(message, &field)));
      case FieldDescriptor::CPPTYPE_FLOAT:
        return fields.SetFloat(&message, &field, Number(fields.GetFloat(message, &field)));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return fields.SetDouble(&message, &field, Number(fields.GetDouble(message, &field)));
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return;
    }
  }

  template <typename Value>
  Value Number(Value value) {
    LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(&value), sizeof(value), sizeof(value));
    return value;
  }

  std::string Changed(const FieldDescriptor& field, const std::string& bytes) {
    const std::unique_ptr<Message> held = MessageIn(field);
    if (held != nullptr && Below(16) > 0 && held->ParseFromString(bytes)) {
      Change(*held);
      return held->SerializeAsString();
    }
    std::string changed = bytes;
    changed.resize(bytes.size() + kGrowthMax);
    changed.resize(
        LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(changed.data()), bytes.size(), changed.size()));
    // Text that is no UTF-8 would not be parsed.
    const bool text = field.type() == FieldDescriptor::TYPE_STRING;
    if (text) std::erase_if(changed, [](char c) { return static_cast<uint8_t>(c) >= 0x80; });
    return changed;
  }

  std::minstd_rand random_;
};

// The blocks that can be read, whatever their checksums say.
std::vector<ExportBlock> BlocksOf(absl::string_view bytes) {
  std::vector<ExportBlock> blocks;
  size_t at = kExportMagic.size();
  while (at + kLengthBytes <= bytes.size()) {
    uint32_t length = 0;
    std::memcpy(&length, bytes.data() + at, kLengthBytes);
    at += kLengthBytes;
    if (length > bytes.size() - at) break;
    ExportBlock block;
    if (block.ParseFromArray(bytes.data() + at, static_cast<int>(length))) {
      blocks.push_back(std::move(block));
    }
    at += length + kHashBytes;
  }
  return blocks;
}

void Recount(std::vector<ExportBlock>& blocks) {
  internal::v1::ExportEnd end;
  for (const ExportBlock& block : blocks) {
    end.set_plans(end.plans() + static_cast<uint64_t>(block.plans().plans_size()));
    end.set_agents(end.agents() + static_cast<uint64_t>(block.agents().agents_size()));
    end.set_records(end.records() + static_cast<uint64_t>(block.log().records_size()));
    end.set_verdicts(end.verdicts() + static_cast<uint64_t>(block.verdicts().verdicts_size()));
    end.set_events(end.events() + static_cast<uint64_t>(block.events().events_size()));
  }
  if (blocks.back().has_end()) *blocks.back().mutable_end() = end;
}

std::string Sealed(const std::vector<ExportBlock>& blocks) {
  std::string bytes;
  ExportBlockWriter writer([&bytes](absl::string_view more) {
    bytes.append(more.data(), more.size());
    return absl::OkStatus();
  });
  for (const ExportBlock& block : blocks) {
    if (!writer.Write(block).ok()) break;
  }
  return bytes;
}

}  // namespace
}  // namespace sightline

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  sightline::Mutator mutator(seed);
  auto blocks = sightline::BlocksOf({reinterpret_cast<const char*>(data), size});
  if (blocks.empty() || mutator.Below(16) == 0) return LLVMFuzzerMutate(data, size, max_size);
  for (size_t changes = 1 + mutator.Below(3); changes > 0; --changes) {
    const size_t block = mutator.Below(blocks.size());
    if (mutator.Below(64) == 0 && blocks.size() > 1) {
      blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(block));
    } else {
      mutator.Change(blocks[block]);
    }
  }
  if (mutator.Below(32) > 0) sightline::Recount(blocks);
  const std::string bytes = sightline::Sealed(blocks);
  if (bytes.empty() || bytes.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}
