{
  "targets": [
    {
      "target_name": "fxmount",
      "sources": [
        "addon.cc",
        "clock.cc",
        "crc32c.cc",
        "crc32c_js.cc",
        "device.cc",
        "device_js.cc",
        "file.cc",
        "file_reply.cc",
        "host_calls.cc",
        "host_calls_js.cc",
        "mount.cc",
        "notifier.cc",
        "notifier_js.cc",
        "packing.cc",
        "wait.cc"
      ],
      "defines": ["NAPI_VERSION=8", "_FILE_OFFSET_BITS=64", "_GNU_SOURCE"],
      "cflags!": ["-O3", "-fno-omit-frame-pointer"],
      "cflags": ["-O2", "-Wall", "-Wextra", "-fvisibility=hidden"],
      "cflags_cc!": ["-std=gnu++14", "-std=gnu++20", "-frtti"],
      "cflags_cc": ["-std=c++17", "-fno-exceptions", "-fno-rtti"],
      "ldflags": ["-pthread"]
    },
    {
      "target_name": "fxmount-replayer",
      "type": "executable",
      "product_extension": "",
      "sources": ["replayer.cc"],
      "defines": ["_FILE_OFFSET_BITS=64", "_GNU_SOURCE"],
      "cflags!": ["-O3", "-fno-omit-frame-pointer"],
      "cflags": ["-O2", "-Wall", "-Wextra"],
      "cflags_cc!": ["-std=gnu++14", "-std=gnu++20", "-frtti"],
      "cflags_cc": ["-std=c++17", "-fno-exceptions", "-fno-rtti"]
    }
  ]
}
