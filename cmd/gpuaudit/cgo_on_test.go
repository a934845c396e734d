//go:build cgo

package main

// withCgo: the C library finds the threads of a process in /proc/self/task, which a
// machine of files does not have, so that one thread alone would be confined there.
const withCgo = true
