// In which fields a stored message is not what it should be.
#ifndef SIGHTLINE_COLLECTOR_AUDIT_DIFFERENCE_H_
#define SIGHTLINE_COLLECTOR_AUDIT_DIFFERENCE_H_

#include <google/protobuf/message.h>

#include <string>

namespace sightline {

// Both values of each field that differs: "modified: scope: SCOPE_LOCAL -> SCOPE_NOWHERE; ...", the
// stored one first. Long lists are cut. Both are messages of one type.
std::string Difference(const google::protobuf::Message& stored,
                       const google::protobuf::Message& made);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_AUDIT_DIFFERENCE_H_
