// The system calls that mounting needs. mount(2) and umount2(2) run on a thread of the pool: a path may
// lead through a hung filesystem, and unmounting writes dirty pages back, which the caller's own loop
// may have to serve.
#include <cerrno>
#include <string>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addon.h"
#include "napi_util.h"

namespace fx {

namespace {

struct MountJob {
  bool mounts = false;
  std::string source;
  std::string target;
  std::string type;
  std::string data;
  uint32_t flags = 0;
  int result = 0;
  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;
};

void run(napi_env, void* data) {
  auto* job = static_cast<MountJob*>(data);
  const int result = job->mounts ? ::mount(job->source.c_str(), job->target.c_str(), job->type.c_str(), job->flags,
                                           job->data.c_str())
                                 : ::umount2(job->target.c_str(), static_cast<int>(job->flags));
  job->result = result == 0 ? 0 : -errno;
}

void finish(napi_env env, napi_status status, void* data) {
  auto* job = static_cast<MountJob*>(data);
  napi_resolve_deferred(env, job->deferred, integer(env, status == napi_ok ? job->result : -ECANCELED));
  napi_delete_async_work(env, job->work);
  delete job;
}

napi_value start(napi_env env, MountJob* job) {
  napi_value name = nullptr;
  napi_value promise = nullptr;
  napi_create_string_utf8(env, "fxmount.mount", NAPI_AUTO_LENGTH, &name);
  if (napi_create_promise(env, &job->deferred, &promise) != napi_ok ||
      napi_create_async_work(env, nullptr, name, run, finish, job, &job->work) != napi_ok ||
      napi_queue_async_work(env, job->work) != napi_ok) {
    delete job;
    napi_throw_error(env, nullptr, "no work could be queued");
    return nullptr;
  }
  return promise;
}

napi_value mountFs(napi_env env, napi_callback_info info) {
  Args args(env, info, 5);
  auto* job = new MountJob();
  job->mounts = true;
  job->source = args.text(0);
  job->target = args.text(1);
  job->type = args.text(2);
  job->flags = args.uint32(3);
  job->data = args.text(4);
  if (args.failed()) {
    delete job;
    return nullptr;
  }
  return start(env, job);
}

napi_value umountFs(napi_env env, napi_callback_info info) {
  Args args(env, info, 2);
  auto* job = new MountJob();
  job->target = args.text(0);
  job->flags = args.uint32(1);
  if (args.failed()) {
    delete job;
    return nullptr;
  }
  return start(env, job);
}

napi_value socketPair(napi_env env, napi_callback_info) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return integer(env, -errno);
  napi_value pair = nullptr;
  napi_create_array_with_length(env, 2, &pair);
  napi_set_element(env, pair, 0, integer(env, ends[0]));
  napi_set_element(env, pair, 1, integer(env, ends[1]));
  return pair;
}

// Takes what has already arrived: the sender is asked to end first, so waiting is never needed.
int receive(int socket) {
  char byte;
  iovec part = {&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t count;
  do {
    count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return -errno;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (count == 0 || header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof(int))) {
    return -ENODATA;
  }
  int fd;
  __builtin_memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return fd;
}

napi_value receiveDescriptor(napi_env env, napi_callback_info info) {
  Args args(env, info, 1);
  const int socket = args.int32(0);
  if (args.failed()) return nullptr;
  return integer(env, receive(socket));
}

napi_value openDevice(napi_env env, napi_callback_info info) {
  Args args(env, info, 1);
  const std::string path = args.text(0);
  if (args.failed()) return nullptr;
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
  return integer(env, fd >= 0 ? fd : -errno);
}

}  // namespace

void defineMount(napi_env env, napi_value exports) {
  defineFunction(env, exports, "mount", mountFs);
  defineFunction(env, exports, "umount", umountFs);
  defineFunction(env, exports, "socketPair", socketPair);
  defineFunction(env, exports, "receiveDescriptor", receiveDescriptor);
  defineFunction(env, exports, "openDevice", openDevice);
}

}  // namespace fx
