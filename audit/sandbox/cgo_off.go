//go:build !cgo

package sandbox

// WithCgo is true where threads may be made that Go does not know.
const WithCgo = false
