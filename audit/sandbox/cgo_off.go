//go:build !cgo

package sandbox

// withCgo is true where threads may be made that Go does not know.
const withCgo = false
