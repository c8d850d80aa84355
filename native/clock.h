// The clock of one JavaScript thread: [seconds, nanoseconds] of CLOCK_REALTIME in a Float64Array that
// JavaScript reads without a call.
#pragma once

#include <node_api.h>

#include <ctime>

namespace fx {

struct Clock {
  double* cell = nullptr;  // Two doubles, owned by the exported array.

  void tick() {
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    cell[0] = static_cast<double>(now.tv_sec);
    cell[1] = static_cast<double>(now.tv_nsec);
  }
};

// The clock of this thread's environment; never null once the addon is loaded.
Clock* clockOf(napi_env env);

}  // namespace fx
