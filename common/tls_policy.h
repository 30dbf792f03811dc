// Which TLS this project speaks: 1.3, at both ends of every connection of gRPC.
#ifndef SIGHTLINE_COMMON_TLS_POLICY_H_
#define SIGHTLINE_COMMON_TLS_POLICY_H_

namespace sightline {

// From now on gRPC agrees on nothing below TLS 1.3, as client and as server, whatever the
// environment said. Call it first in main: it changes the environment, which other threads must
// not read meanwhile. Calling it again changes nothing. There is no way back.
//
// gRPC 1.51 offers 1.2 and 1.3 and has no setting for that, but takes a list of the cipher suites
// below 1.3. The list that it gets has only a suite with a key that both ends share beforehand;
// no end has one, so nothing can be agreed on below 1.3. The suites of 1.3 are OpenSSL's: all have
// forward secrecy and authenticate what they encrypt.
void RequireTls13();

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_TLS_POLICY_H_
