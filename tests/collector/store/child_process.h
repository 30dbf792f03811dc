// A program that a test starts and ends.
#ifndef SIGHTLINE_TESTS_COLLECTOR_STORE_CHILD_PROCESS_H_
#define SIGHTLINE_TESTS_COLLECTOR_STORE_CHILD_PROCESS_H_

#include <spawn.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace sightline {

// Starts `command` with its standard output, and its standard error when `also_errors`, going to
// `output`. 0 when that fails.
inline pid_t StartChild(std::vector<std::string> command, int output, bool also_errors) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  if (also_errors) posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : 0;
}

// Waits for the end of a child: its wait status.
inline int WaitForChild(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_STORE_CHILD_PROCESS_H_
