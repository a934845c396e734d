//go:build cgo

package sandbox

// withCgo: the library that makes a system call on every thread finds threads that C
// made in /proc, which an empty root does not have. The program is shipped without cgo.
const withCgo = true
