// Read by the leak sanitizer, where there is one.

// libpqxx 6.4 drops libpq's result without freeing it when the connection is lost: it asks for the
// connection's encoding first, and that throws.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:PQmakeEmptyPGresult\n"; }
